import { OptionError, shown } from '../kernel/index.ts'
import type { Publishable } from '../message/index.ts'
import { compileValidator, isSchema, type InferInput, type InferOutput, type Schema, type Validator } from '../schema/index.ts'
import type { EventMode } from './cloud-event.ts'
import { MessageInvalidError } from './errors.ts'

/** How the messages of a topic are written. */
export interface TopicOptions {
  /** The CloudEvents type of its messages, such as `com.example.order`. @default the topic's name */
  readonly type?: string
  /** `binary`: the data alone is the body, and what describes it is in headers. `structured`: both are one JSON text. @default 'binary' */
  readonly mode?: EventMode
}

/** Messages under a name, with the shape of their data: what is published and consumed is checked against it. */
export interface Topic<Name extends string = string, S extends Schema = Schema> extends Publishable<InferInput<S>> {
  readonly kind: 'topic'
  readonly name: Name
  readonly schema: S
  readonly type: string
  readonly mode: EventMode
  /** What the data is as the schema gives it. Throws `TUTTI_MESSAGE_INVALID`. */
  check(data: unknown): InferOutput<S> | Promise<InferOutput<S>>
}

/** What can be published to a topic. */
export type TopicInput<T> = T extends Topic<string, infer S> ? InferInput<S> : never

/** What handlers of a topic get. */
export type TopicData<T> = T extends Topic<string, infer S> ? InferOutput<S> : never

/** Data is checked when it is published and when it arrives, so a schema has to take what it gives. */
export type Repeatable<S extends Schema> =
  InferOutput<S> extends InferInput<S>
    ? unknown
    : { readonly __typeError__: 'the schema of a topic must take what it gives: do transformations in the handler' }

/** Defines a topic: `topic('orders', z.object({ … }))`. */
export function topic<const Name extends string, S extends Schema>(
  name: Name,
  schema: S & Repeatable<S>,
  { type = name, mode = 'binary' }: TopicOptions = {},
): Topic<Name, S> {
  checkTopicName('topic', name)
  if (!isSchema(schema))
    throw new OptionError(`topic ${name} received ${shown(schema)}; wanted any Standard Schema, such as z.object({ … }).`)
  if (typeof type !== 'string' || type === '') throw new OptionError(`topic ${name} received the type ${shown(type)}; wanted a text.`)
  if (mode !== 'binary' && mode !== 'structured')
    throw new OptionError(`topic ${name} received the mode ${shown(mode)}; wanted "binary" or "structured".`)
  const validate: Validator<InferOutput<S>> = compileValidator<S>(schema)
  return {
    kind: 'topic',
    name,
    schema,
    type,
    mode,
    check(data) {
      const result = validate(data)
      return 'then' in result ? result.then((settled) => checked(name, settled)) : checked(name, result)
    },
  }
}

/** Checks a name that goes into keys of documents, labels of metrics and names on brokers. */
export function checkTopicName(kind: 'topic' | 'group', name: string): void {
  if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
    throw new OptionError(
      `${kind} received the name ${shown(name)}; wanted 1 to 80 letters, digits, dots, dashes and underscores, such as "orders".`,
    )
}

function checked<T>(name: string, result: Awaited<ReturnType<Validator<T>>>): T {
  if (result.ok) return result.value
  throw new MessageInvalidError(name, result.problems)
}
