import type { Schema } from '../../schema/index.ts'
import { badInput } from './asked.ts'

/** What is sent with a change. */
export type Input = Readonly<Record<string, unknown>>

/** The body of a change: a JSON object, whose members each change checks. */
export const input: Schema<unknown, Input> = {
  '~standard': {
    version: 1,
    vendor: 'tutti',
    validate: (value) => (isInput(value) ? { value } : { issues: [{ message: 'Wanted a JSON object.' }] }),
  },
}

function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text of the input; `undefined` where there is none. Throws 400 for something else. */
export function textIn(body: Input, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string' && value.length <= 1000) return value === '' ? undefined : value
  throw badInput(`The member ${name} is not a text of at most 1,000 characters.`)
}

/** A text that has to be in the input. Throws 400 otherwise. */
export function neededIn(body: Input, name: string): string {
  const value = textIn(body, name)
  if (value !== undefined) return value
  throw badInput(`The member ${name} is missing; wanted a text.`)
}

/** A list of texts in the input; `undefined` where there is none. Throws 400 for something else. */
export function textsIn(body: Input, name: string): readonly string[] | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value) && value.length <= 10_000 && value.every((item): item is string => typeof item === 'string')) return value
  throw badInput(`The member ${name} is not a list of at most 10,000 texts.`)
}
