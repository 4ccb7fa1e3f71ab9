import { OptionError, shown } from '../kernel/index.ts'
import { ValidationError, type InferInput, type Schema } from '../schema/index.ts'
import type { CommandResult, Sendable } from '../message/index.ts'
import type { Expected } from '../storage/index.ts'
import type { AggregateRules } from './aggregate-rules.ts'

/** How a command is sent. */
export interface CommandOptions {
  /** Makes the command idempotent for its aggregate: the same key again gets the first answer, if that one wrote events. @default none */
  readonly key?: string
  /** What the aggregate must be, such as the version that a user has seen; otherwise nothing is written (412). @default 'any' */
  readonly expected?: Expected
}

/** A command for one aggregate, ready to be sent. */
export interface AggregateCommand<Name extends string = string, Codes extends string = string> extends Sendable<CommandResult<Codes>> {
  readonly kind: 'aggregate-command'
  readonly aggregate: AggregateRules<unknown> & { readonly name: Name }
  /** The short name, such as `pay`. */
  readonly command: string
  /** The full name, such as `order.pay`. */
  readonly type: string
  readonly id: string
  readonly stream: string
  readonly data: unknown
  readonly key: string | undefined
  readonly expected: Expected
}

/** Makes commands of one type: `Order.commands.pay(id, { … }, { key, expected })`. The data is validated when it is handled. */
export interface CommandConstructor<Name extends string, S extends Schema, Codes extends string> {
  (id: string, data: InferInput<S>, options?: CommandOptions): AggregateCommand<Name, Codes>
  readonly schema: S
  /** The full name, such as `order.pay`. */
  readonly type: string
}

const longestKey = 200

/** The constructor of an aggregate's commands of one type. */
export function commandConstructor(
  rules: () => AggregateRules<unknown>,
  command: string,
  { type, schema }: { readonly type: string; readonly schema: Schema },
): CommandConstructor<string, Schema, string> {
  const make = (id: string, data: unknown, { key, expected = 'any' }: CommandOptions = {}): AggregateCommand => {
    const aggregate = rules()
    if (key !== undefined && (typeof key !== 'string' || key.length < 1 || key.length > longestKey || !key.isWellFormed()))
      throw new OptionError(`${type} received the key ${shown(key)}; wanted 1 to ${longestKey} characters.`)
    return { kind: 'aggregate-command', aggregate, command, type, id, stream: aggregate.stream(id), data, key, expected }
  }
  return Object.freeze(Object.assign(make, { schema, type }))
}

/** Ids come from clients, and go into the names of streams. */
export function checkId(aggregate: string, id: string, longest: number): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in an id
  const fits = typeof id === 'string' && id.length >= 1 && id.length <= longest && id.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(id)
  if (fits) return id
  const message = `Received ${shown(id)} as the id of ${aggregate}; wanted 1 to ${longest} characters without control characters.`
  throw new ValidationError([{ path: 'id', message, code: 'invalid' }])
}
