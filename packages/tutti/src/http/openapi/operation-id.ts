import type { OpenApiMethod } from './types.ts'

/**
 * The id of an operation that has none of its own, from its method and path alone, so that it stays the same when other routes come and
 * go: `GET /users/{id}/orders` is `getUsersByIdOrders`.
 */
export function operationIdOf(method: OpenApiMethod, path: string): string {
  const words = path.split(/[^\w{}]+/).flatMap((segment) => segment.split(/(?=\{)|(?<=\})/))
  return method + words.map((word) => (word.startsWith('{') ? `By${pascal(word)}` : pascal(word))).join('')
}

function pascal(word: string): string {
  return word
    .split(/[^a-z0-9]+/i)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('')
}

/** Gives out names once each: a second taker gets `name_2`. */
export class UniqueNames {
  readonly #taken = new Set<string>()

  take(name: string): string {
    let free = name
    for (let count = 2; this.#taken.has(free); count++) free = `${name}_${count}`
    this.#taken.add(free)
    return free
  }
}
