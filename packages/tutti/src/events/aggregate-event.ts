import { decode, encode, type Encoded, type EventDefinition, type NewEvent } from '../message/index.ts'
import { compileValidator, type InferInput, type InferOutput, type ValidationProblem } from '../schema/index.ts'
import { AggregateError } from './errors.ts'

/** An event of an aggregate that was made but not stored yet. Its data is what a later read will give. */
export class AggregateEvent<Type extends string = string, Data = unknown> implements NewEvent<Data, Type> {
  readonly type: Type
  readonly definition: EventDefinition
  readonly encoded: Encoded
  #data: unknown
  #decoded = false

  constructor(type: Type, definition: EventDefinition, encoded: Encoded) {
    this.type = type
    this.definition = definition
    this.encoded = encoded
  }

  get version(): number {
    return this.definition.version
  }

  /** Read back from how it is stored, so that state which evolves from it is the same as after a replay. */
  get data(): Data {
    if (!this.#decoded) {
      this.#data = decode(this.encoded.json, this.encoded.hints)
      this.#decoded = true
    }
    return this.#data as Data
  }

  toJSON(): { readonly type: Type; readonly data: Data } {
    return { type: this.type, data: this.data }
  }
}

/**
 * Makes events of one type: `Order.events.placed({ … })`. Throws `TUTTI_EVENT_DATA_INVALID` for data that does not fit the schema, and
 * `TUTTI_CODEC_UNSUPPORTED` for data that cannot be stored.
 */
export interface EventConstructor<Type extends string, D extends EventDefinition> {
  (data: InferInput<D['schema']>): AggregateEvent<Type, InferOutput<D['schema']>>
  /** The full name, such as `order.placed`. */
  readonly type: Type
  readonly definition: D
  /** The name of the aggregate. */
  readonly aggregate: string
}

/** The constructor of an aggregate's events of one type. */
export function eventConstructor<D extends EventDefinition>(aggregate: string, name: string, definition: D): EventConstructor<string, D> {
  const type = `${aggregate}.${name}`
  const validate = compileValidator(definition.schema)
  const make = (data: InferInput<D['schema']>): AggregateEvent<string, InferOutput<D['schema']>> => {
    const result = validate(data)
    if ('then' in result) throw asynchronous(type)
    if (!result.ok) throw invalid(type, result.problems)
    return new AggregateEvent(type, definition, encode(result.value))
  }
  return Object.freeze(Object.assign(make, { type, definition, aggregate }))
}

function asynchronous(type: string): AggregateError {
  return new AggregateError(
    'TUTTI_AGGREGATE_INVALID',
    `The schema of ${type} is asynchronous; wanted one that answers at once, for an event is decided without waiting. Check such things before the command is sent.`,
  )
}

function invalid(type: string, problems: readonly ValidationProblem[]): AggregateError {
  const told = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ')
  return new AggregateError(
    'TUTTI_EVENT_DATA_INVALID',
    `The data of an event ${type} does not fit its schema: ${told}. Nothing was written; emit what the schema says.`,
    { details: { type, problems } },
  )
}
