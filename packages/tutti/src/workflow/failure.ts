import { shown, TuttiError } from '../kernel/index.ts'
import { encode } from '../message/index.ts'

/** An error as it is kept: the same in the process where it happened and in one that reads of it later. */
export interface Failure {
  /** The name of the error's class. */
  readonly name: string
  readonly message: string
  /** The error's `code`, where it has one. */
  readonly code?: string
  readonly details?: Readonly<Record<string, unknown>>
  readonly stack?: string
}

/** Longer messages and stacks are cut: they are written with every later step of the run. */
const longest = 2_000

/** Anything thrown as data. */
export function toFailure(reason: unknown): Failure {
  if (!(reason instanceof Error)) return { name: 'Error', message: `Something that is not an Error was thrown: ${shown(reason)}` }
  const code: unknown = 'code' in reason ? reason.code : undefined
  const details = reason instanceof TuttiError ? storable(reason.details) : undefined
  return {
    name: reason.name,
    message: reason.message.slice(0, longest),
    ...(typeof code === 'string' && { code }),
    ...(details !== undefined && { details }),
    ...(reason.stack !== undefined && { stack: reason.stack.slice(0, longest) }),
  }
}

/** An error to throw, or to show as a cause, made of a failure. */
export function failureError({ name, message, code, stack }: Failure): Error {
  const error = new Error(message)
  error.name = name
  if (code !== undefined) Object.assign(error, { code })
  if (stack !== undefined) error.stack = stack
  return error
}

function storable(details: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> | undefined {
  try {
    return Object.keys(details).length > 0 && encode(details).json.length <= longest ? details : undefined
  } catch {
    // Details that cannot be stored are not worth losing the failure for.
    return undefined
  }
}
