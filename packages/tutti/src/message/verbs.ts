import type { Duration } from '../kernel/index.ts'
import type { Accepted } from './command-result.ts'

declare const result: unique symbol
declare const state: unique symbol
declare const view: unique symbol
declare const data: unique symbol
declare const types: unique symbol

/** A command on its way, and what sending it gives. */
export interface Sendable<Result> {
  readonly [result]?: Result
}

/** A query on its way, and what asking it gives. */
export interface Askable<Result> {
  readonly [result]?: Result
}

/** Something whose state can be loaded by id: an aggregate. */
export interface Loadable<State> {
  readonly name: string
  readonly [state]?: State
}

/** Something that follows the log of events, such as a projection. */
export interface Followable {
  readonly kind: string
  readonly name: string
}

/** A read model, and what reading it gives. */
export interface Viewable<View> extends Followable {
  readonly [view]?: View
}

/** Something that messages can be published to: a topic. */
export interface Publishable<Data> {
  readonly kind: 'topic'
  readonly name: string
  readonly [data]?: Data
}

/** What a message is published with, beside its data. */
export interface MessageOptions {
  /** Messages of the same key are handled one after the other, in the order in which they were published. @default none: in any order */
  readonly key?: string
  /** Facts beside the data, such as `{ 'x-region': 'eu' }`: names of letters, digits and dashes. @default {} */
  readonly headers?: Readonly<Record<string, string>>
  /** How long nobody sees it. What is delayed has no place in the order of its key. @default 0 */
  readonly delay?: Duration
  /** Names the message: consumers with an inbox handle each id once. @default a new UUIDv7 */
  readonly id?: string
  /** What it is about within its source: the CloudEvents subject. @default none */
  readonly subject?: string
}

/** A workflow: what it is started with, and how its runs are held on to. */
export interface Runnable<Input, Handle> {
  readonly kind: 'workflow'
  readonly name: string
  readonly [types]?: { readonly input: Input; readonly handle: Handle }
}

/** How a run is started. */
export interface StartOptions {
  /** Names the run among those of its workflow: where there is one of that name, nothing is started, and that one is meant. @default a new id */
  readonly id?: string
  /** When it begins: a span of time from now, or a date. @default now */
  readonly after?: Duration | Date
  /** How long it may take before it is undone, from now on, or until when. @default what the workflow says, else for ever */
  readonly deadline?: Duration | Date
  /** @default that of the current context */
  readonly tenant?: string
  /** From 0 to 9. @default what the workflow says */
  readonly priority?: number
}

/** A command that is sent at a later time. */
export interface LaterJob {
  readonly id: string
  /** When it is sent. */
  readonly due: Date
}

/** How long, and for what, is waited. */
export interface WaitForOptions {
  /** @default '5s' */
  readonly timeout?: Duration
  /** Waits only until the events of this stream are handled up to there. @default all streams */
  readonly stream?: string
  readonly signal?: AbortSignal
}

/** Which state of an aggregate is loaded. */
export interface LoadOptions {
  /** As it was at this version. @default the latest */
  readonly version?: number
  /** As it was at this time. @default now */
  readonly time?: Date
}

/** What handlers of every kind can do, and the application itself. */
export interface Verbs {
  /** Carries a command out by its one handler, or by its aggregate. */
  send<Result>(command: Sendable<Result>): Promise<Result>
  /** Answers a query by its one handler. */
  ask<Result>(query: Askable<Result>): Promise<Result>
  /** The state of an aggregate. Throws `TUTTI_AGGREGATE_NOT_FOUND` (404) where it does not exist. */
  load<State>(aggregate: Loadable<State>, id: string, options?: LoadOptions): Promise<State>
  /** The state of an aggregate; `undefined` where it does not exist. */
  find<State>(aggregate: Loadable<State>, id: string, options?: LoadOptions): Promise<State | undefined>
  /** Waits until a read model has handled everything up to a position: read your own writes. Throws `TUTTI_TIMEOUT` (504). */
  waitFor(projection: Followable, position: number, options?: WaitForOptions): Promise<void>
  /** What a read model holds. */
  view<View>(projection: Viewable<View>): View
  /**
   * Publishes a message, and resolves with its id once the broker has it; within a transaction it leaves with the commit. Throws
   * `TUTTI_MESSAGE_INVALID` for data that does not fit the topic.
   */
  publish<Data>(topic: Publishable<Data>, data: NoInfer<Data>, options?: MessageOptions): Promise<string>
  /** Starts a run of a workflow, once for each id; within a transaction it is started with that, or not at all. */
  run<Input, Handle>(workflow: Runnable<Input, Handle>, input: NoInfer<Input>, options?: StartOptions): Promise<Handle>
  /** What holds on to a run of a workflow, whether it exists or not: to ask for its status and result, to signal and to cancel it. */
  getRun<Input, Handle>(workflow: Runnable<Input, Handle>, id: string): Handle
  /**
   * Sends a command at a time, or after a while, by whichever process is there then; within a transaction it is stored with it. As long as
   * there is one with the same id, that is the answer.
   */
  later<Result>(when: Date | Duration, command: Sendable<Result>, options?: { readonly id?: string }): Promise<LaterJob>
}

/** What a request adds to the commands that its handler sends, where they say nothing themselves. */
export interface SendDefaults {
  /** From `Idempotency-Key`. */
  readonly key?: string
  /** From `If-Match`: the version that the caller has seen, or that there is one at all. */
  readonly expected?: number | 'exists'
}

/** The verbs as the application gives them to its protocols. */
export interface ProtocolVerbs extends Verbs {
  sendWith<Result>(command: Sendable<Result>, defaults: SendDefaults): Promise<Result>
  /** Waits until all read models of a command's events have handled them. Resolves with whether they have within `ms`. */
  settled(command: object, accepted: Accepted, ms: number): Promise<boolean>
  /** The state of an aggregate with its version; `undefined` where it does not exist. */
  inspect<State>(
    aggregate: Loadable<State>,
    id: string,
    options?: LoadOptions,
  ): Promise<{ readonly state: State; readonly version: number } | undefined>
}
