/** Which modules the parts of the application came with. */
export class Modules {
  readonly #names = new Map<unknown, string>()

  constructor(modules: readonly { readonly name: string; readonly items: readonly unknown[] }[]) {
    for (const { name, items } of modules) for (const item of items) this.#names.set(item, name)
  }

  /** The module of a part; `undefined` where it came with none. */
  of(part: unknown): string | undefined {
    return this.#names.get(part)
  }
}
