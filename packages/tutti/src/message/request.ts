import { OptionError } from '../kernel/index.ts'
import { isSchema, type InferInput, type InferOutput, type Schema } from '../schema/index.ts'
import type { Askable, Sendable } from './verbs.ts'

/** What a command or query takes and gives. */
export interface RequestOptions<I extends Schema, O extends Schema> {
  readonly input: I
  /** What the handler answers with; checked in development. @default anything */
  readonly output?: O
}

/** A command or query with its input, ready to be sent or asked; `Output` is what comes back. */
export interface RequestMessage<D extends RequestDefinition = RequestDefinition, Output = unknown>
  extends Sendable<Output>, Askable<Output> {
  readonly definition: D
  readonly input: InferInput<D['input']>
}

interface Definition<Kind extends 'command' | 'query', I extends Schema, O extends Schema> {
  readonly kind: Kind
  readonly name: string
  readonly input: I
  readonly output: O | undefined
}

/** A command that is handled by a function: call it with its input and `send` the result. */
export interface CommandDefinition<I extends Schema = Schema, O extends Schema = Schema> extends Definition<'command', I, O> {
  (input: InferInput<I>): RequestMessage<CommandDefinition<I, O>, InferOutput<O>>
}

/** A query: call it with its input and `ask` the result. */
export interface QueryDefinition<I extends Schema = Schema, O extends Schema = Schema> extends Definition<'query', I, O> {
  (input: InferInput<I>): RequestMessage<QueryDefinition<I, O>, InferOutput<O>>
}

/** A command or query. */
export type RequestDefinition<I extends Schema = Schema, O extends Schema = Schema> = Definition<'command' | 'query', I, O>

/** Defines a command that a function handles: `command('mail.send', { input, output })`, `app.handle(SendMail, …)`, `send(SendMail({ … }))`. */
export function command<I extends Schema, O extends Schema = Schema>(name: string, options: RequestOptions<I, O>): CommandDefinition<I, O> {
  return define('command', name, options)
}

/** Defines a query: `query('order.get', { input, output })`, `app.handle(GetOrder, …)`, `ask(GetOrder({ id }))`. */
export function query<I extends Schema, O extends Schema = Schema>(name: string, options: RequestOptions<I, O>): QueryDefinition<I, O> {
  return define('query', name, options)
}

type Callable<Kind extends 'command' | 'query', I extends Schema, O extends Schema> = Definition<Kind, I, O> &
  ((input: InferInput<I>) => RequestMessage<Callable<Kind, I, O>, InferOutput<O>>)

function define<Kind extends 'command' | 'query', I extends Schema, O extends Schema>(
  kind: Kind,
  name: string,
  { input, output }: RequestOptions<I, O>,
): Callable<Kind, I, O> {
  if (typeof name !== 'string' || !/^[\w.-]{1,200}$/.test(name))
    throw new OptionError(
      `${kind} received the name ${JSON.stringify(name)}; wanted letters, digits, dots, dashes and underscores, such as "order.get".`,
    )
  if (!isSchema(input) || (output !== undefined && !isSchema(output)))
    throw new OptionError(`${kind} ${name}: input and output must be schemas; wanted any Standard Schema, such as z.object({ … }).`)
  const make = (value: InferInput<I>): RequestMessage<Callable<Kind, I, O>, InferOutput<O>> => ({ definition, input: value })
  // A function has a name of its own, which cannot be assigned to.
  const definition: Callable<Kind, I, O> = Object.defineProperties(make, {
    kind: { value: kind, enumerable: true },
    name: { value: name, enumerable: true },
    input: { value: input, enumerable: true },
    output: { value: output, enumerable: true },
  }) as Callable<Kind, I, O>
  return definition
}
