import type { SqlFragment } from '../sql-database.ts'

/**
 * A part of a statement, made by Tutti alone: what looks like one but came from somewhere else, such as a parsed request body, is a value
 * and never text.
 */
export class Fragment implements SqlFragment {
  readonly text: readonly string[]
  readonly values: readonly unknown[]

  constructor(text: readonly string[], values: readonly unknown[]) {
    this.text = text
    this.values = values
  }
}

/** Text and values of a template, with the fragments among its values taken in: one more text than values. */
export function flatten(
  strings: readonly string[],
  given: readonly unknown[],
): { readonly text: readonly string[]; readonly values: readonly unknown[] } {
  if (!given.some((value) => value instanceof Fragment)) return { text: strings, values: given }
  const text = [strings[0] ?? '']
  const values: unknown[] = []
  const add = (more: string): void => void (text[text.length - 1] += more)
  for (const [i, value] of given.entries()) {
    if (value instanceof Fragment) {
      for (const [j, part] of value.text.entries()) {
        if (j === 0) add(part)
        else text.push(part)
      }
      values.push(...value.values)
    } else {
      values.push(value)
      text.push('')
    }
    add(strings[i + 1] ?? '')
  }
  return { text, values }
}
