import { OptionError } from '../kernel/index.ts'

/** A named group of what applications are made of; made by `module`. */
export class Module<Item = unknown> {
  readonly name: string
  readonly items: readonly Item[]

  constructor(name: string, items: readonly Item[]) {
    this.name = name
    this.items = items
  }
}

/** Groups parts of an application under a name, so that a large one is a list of modules: `app.use(module('orders', [ordersRouter, …]))`. */
export function module<Item>(name: string, items: readonly Item[]): Module<Item> {
  if (typeof name !== 'string' || name === '')
    throw new OptionError(`module received the name ${JSON.stringify(name)}; wanted a text such as "orders".`)
  return new Module(name, [...items])
}
