import type { EventData, EventDefinition } from '../message/index.ts'
import type { InferOutput, Schema } from '../schema/index.ts'
import type { AggregateEvent, EventConstructor } from './aggregate-event.ts'
import type { AggregateRules, SnapshotOptions, UnknownEvents } from './aggregate-rules.ts'
import type { CommandConstructor } from './command-message.ts'
import type { Rejection } from './rejection.ts'

/** The events of an aggregate by their short names. */
export type EventMap = Readonly<Record<string, EventDefinition>>

/** The schemas of an aggregate's commands by their short names. */
export type CommandMap = Readonly<Record<string, Schema>>

/** What an aggregate is made of, beside its functions. */
export interface AggregateOptions<State, Events extends EventMap, Commands extends CommandMap> {
  readonly events: Events
  readonly commands: Commands
  /** The state before the first event. */
  readonly initial: () => State
  /** @default none: every load reads all events, or those behind the state in memory */
  readonly snapshot?: SnapshotOptions
  /** @default 'error' */
  readonly unknownEvents?: UnknownEvents
}

/** A function per event that gives the state behind it. Pure: it must not change the state that it gets. */
export type Evolvers<State, Events extends EventMap> = {
  readonly [K in keyof Events]: (state: State, data: EventData<Events[K]>) => State
}

/** Makes events within `decide`: `emit.placed({ … })`. */
export type EventConstructors<Name extends string, Events extends EventMap> = {
  readonly [K in keyof Events & string]: EventConstructor<`${Name}.${K}`, Events[K]>
}

/** What a decision may be: an event, several, none, or a rejection. */
export type DecideOutcome<Name extends string> =
  | AggregateEvent<`${Name}.${string}`>
  | readonly AggregateEvent<`${Name}.${string}`>[]
  | Rejection
  | undefined

/** A function per command that decides it. Pure and synchronous: what it needs to know is in the state or in the command. */
export type Deciders<Name extends string, State, Events extends EventMap, Commands extends CommandMap> = {
  readonly [K in keyof Commands]: (
    state: State,
    data: InferOutput<Commands[K]>,
    emit: EventConstructors<Name, Events>,
  ) => DecideOutcome<Name>
}

/** The codes with which each decider rejects. */
export type CodesOf<D> = {
  readonly [K in keyof D]: D[K] extends (...inputs: never) => infer Outcome ? (Outcome extends Rejection<infer Code> ? Code : never) : never
}

/** Members of the second that the first does not have: wanted none. */
export type Surplus<Known, Given> = { readonly [K in Exclude<keyof Given, keyof Known>]: never }

/** The constructors of an aggregate's commands. */
export type CommandConstructors<Name extends string, Commands extends CommandMap, Codes extends Readonly<Record<string, string>>> = {
  readonly [K in keyof Commands & string]: CommandConstructor<Name, Commands[K], Codes[K]>
}

/** A decision unit: its state follows from its events, and its commands are decided on its state. */
export interface Aggregate<
  Name extends string,
  State,
  Events extends EventMap,
  Commands extends CommandMap,
  Codes extends Readonly<Record<keyof Commands & string, string>>,
> extends AggregateRules<State> {
  readonly name: Name
  readonly events: EventConstructors<Name, Events>
  readonly commands: CommandConstructors<Name, Commands, Codes>
}

/** An aggregate that can evolve but not decide yet. */
export interface EvolvingAggregate<Name extends string, State, Events extends EventMap, Commands extends CommandMap> {
  /** Says what each command comes to. Throws `TUTTI_AGGREGATE_INVALID` where one is missing or does not exist. */
  decide<D extends Deciders<Name, State, Events, Commands>>(
    deciders: D & Surplus<Commands, D>,
  ): Aggregate<Name, State, Events, Commands, CodesOf<D>>
}

/** An aggregate whose functions are still to be given. */
export interface AggregateBuilder<Name extends string, State, Events extends EventMap, Commands extends CommandMap> {
  /** Says what each event does to the state. Throws `TUTTI_AGGREGATE_INVALID` where one is missing or does not exist. */
  evolve(evolvers: Evolvers<State, Events>): EvolvingAggregate<Name, State, Events, Commands>
}

/** The state of an aggregate. */
export type StateOf<A> = A extends AggregateRules<infer State> ? State : never

/** The events of an aggregate as its constructors make them. */
export type EventOf<A> = A extends { readonly events: infer E } ? ReturnType<Extract<E[keyof E], (data: never) => unknown>> : never

/** The commands of an aggregate as its constructors make them. */
export type CommandOf<A> = A extends { readonly commands: infer C }
  ? ReturnType<Extract<C[keyof C], (id: string, data: never) => unknown>>
  : never
