import { reasonText, shown } from '../kernel/index.ts'
import { upcastData, type EventDefinition } from '../message/index.ts'
import { compileValidator, type Validated, type Validator } from '../schema/index.ts'
import { AggregateEvent, eventConstructor } from './aggregate-event.ts'
import type {
  Aggregate,
  AggregateOptions,
  CodesOf,
  CommandConstructors,
  CommandMap,
  Deciders,
  EventConstructors,
  EventMap,
  Evolvers,
} from './aggregate-definition.ts'
import type { AggregateRules, Decision, SnapshotOptions, StoredEvent, UnknownEvents } from './aggregate-rules.ts'
import { checkId, commandConstructor } from './command-message.ts'
import { AggregateError } from './errors.ts'
import { Rejection } from './rejection.ts'

interface EventRule<State> {
  readonly definition: EventDefinition
  readonly evolve: (state: State, data: never) => State
}

interface CommandRule<State, Emit> {
  readonly validate: Validator<unknown>
  readonly decide: (state: State, data: never, emit: Emit) => unknown
}

/** What streams may be called at most. */
const longestStream = 250

/** An aggregate with all of its functions. */
export class DefinedAggregate<
  Name extends string,
  State,
  Events extends EventMap,
  Commands extends CommandMap,
  D extends Deciders<Name, State, Events, Commands>,
> implements Aggregate<Name, State, Events, Commands, CodesOf<D>> {
  readonly kind = 'aggregate'
  readonly name: Name
  readonly events: EventConstructors<Name, Events>
  readonly commands: CommandConstructors<Name, Commands, CodesOf<D>>
  readonly snapshot: SnapshotOptions | undefined
  readonly #initial: () => State
  readonly #unknown: UnknownEvents
  readonly #events = new Map<string, EventRule<State>>()
  readonly #commands = new Map<string, CommandRule<State, EventConstructors<Name, Events>>>()

  constructor(
    name: Name,
    options: AggregateOptions<State, Events, Commands>,
    { evolvers, deciders }: { readonly evolvers: Evolvers<State, Events>; readonly deciders: D },
  ) {
    this.name = name
    this.snapshot = options.snapshot
    this.#initial = options.initial
    this.#unknown = options.unknownEvents ?? 'error'
    const events: Record<string, unknown> = {}
    for (const key of Object.keys(options.events)) {
      const definition = options.events[key] as EventDefinition
      events[key] = eventConstructor(name, key, definition)
      this.#events.set(`${name}.${key}`, { definition, evolve: evolvers[key] as EventRule<State>['evolve'] })
    }
    const commands: Record<string, unknown> = {}
    for (const key of Object.keys(options.commands)) {
      const schema = options.commands[key] as CommandMap[string]
      commands[key] = commandConstructor(() => this as AggregateRules<unknown>, key, { type: `${name}.${key}`, schema })
      const decide = deciders[key] as CommandRule<State, EventConstructors<Name, Events>>['decide']
      this.#commands.set(key, { validate: compileValidator(schema), decide })
    }
    // The loops above have made a member for each key of the maps.
    this.events = Object.freeze(events) as EventConstructors<Name, Events>
    this.commands = Object.freeze(commands) as CommandConstructors<Name, Commands, CodesOf<D>>
    Object.freeze(this)
  }

  stream(id: string): string {
    return `${this.name}-${checkId(this.name, id, longestStream - this.name.length - 1)}`
  }

  initial(): State {
    return this.#initial()
  }

  apply(state: State, { type, version, data }: StoredEvent): State {
    const rule = this.#events.get(type)
    if (rule === undefined) {
      if (this.#unknown === 'skip') return state
      throw new AggregateError(
        'TUTTI_EVENT_UNKNOWN',
        `A stream of ${this.name} holds an event ${shown(type)}, which the aggregate does not define; define it, or set unknownEvents: 'skip'.`,
        { details: { aggregate: this.name, type } },
      )
    }
    const current = version === rule.definition.version ? data : upcastData(type, rule.definition, { version, data })
    try {
      return rule.evolve(state, current as never)
    } catch (cause) {
      throw new AggregateError('TUTTI_EVOLVE_FAILED', `${this.name} could not evolve from ${type}: ${reasonText(cause)}`, {
        cause,
        details: { aggregate: this.name, type },
      })
    }
  }

  validate(command: string, data: unknown): Validated<unknown> | Promise<Validated<unknown>> {
    return this.#command(command).validate(data)
  }

  handle(state: State, command: string, data: unknown): Decision {
    const outcome = this.#command(command).decide(state, data as never, this.events)
    if (outcome === undefined) return []
    if (outcome instanceof Rejection) return outcome
    const events: readonly unknown[] = Array.isArray(outcome) ? outcome : [outcome]
    for (const event of events) if (!this.#owns(event)) throw this.#undecided(command, event)
    return events as readonly AggregateEvent[]
  }

  #command(name: string): CommandRule<State, EventConstructors<Name, Events>> {
    const rule = this.#commands.get(name)
    if (rule !== undefined) return rule
    throw new AggregateError(
      'TUTTI_COMMAND_UNKNOWN',
      `${this.name} has no command ${shown(name)}; wanted one of ${[...this.#commands.keys()].join(', ')}.`,
    )
  }

  #owns(event: unknown): boolean {
    return event instanceof AggregateEvent && this.#events.get(event.type)?.definition === event.definition
  }

  #undecided(command: string, received: unknown): AggregateError {
    const what =
      received instanceof Promise
        ? 'a promise, but decisions are synchronous: fetch what they need before the command is sent'
        : shown(received)
    return new AggregateError(
      'TUTTI_DECISION_INVALID',
      `${this.name}.decide.${command} gave ${what}; wanted events of ${this.name} made by emit, an array of them, nothing, or reject('CODE').`,
    )
  }
}
