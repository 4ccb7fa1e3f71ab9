import type { SQLInputValue } from 'node:sqlite'

/** Conditions of a query that must all hold, with their values. */
export class Conditions {
  readonly values: SQLInputValue[] = []
  readonly #texts: string[] = []

  add(text: string, ...values: readonly SQLInputValue[]): void {
    this.#texts.push(text)
    this.values.push(...values)
  }

  /** The `where` clause; empty where everything fits. */
  get sql(): string {
    return this.#texts.length === 0 ? '' : `where ${this.#texts.join(' and ')}`
  }
}

/** The text so that `like` takes each character for itself. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, String.raw`\$&`)
}
