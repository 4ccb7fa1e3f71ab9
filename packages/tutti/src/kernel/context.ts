import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'

/** The place of a piece of work in a distributed trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 lower-case hex digits. */
  readonly traceId: string
  /** 16 lower-case hex digits: the span that this work belongs to. */
  readonly spanId: string
  /** Trace flags; bit 0 is "sampled". */
  readonly flags: number
  /** The `tracestate` header, passed on unchanged. */
  readonly state?: string
}

/** A fact that travels with a request through all services (W3C Baggage). */
export interface BaggageEntry {
  readonly value: string
  /** What stands behind the value, passed on unchanged. */
  readonly properties?: string
}

/** Facts that travel with a request through all services, by name. */
export type Baggage = ReadonlyMap<string, BaggageEntry>

/** Who does something: a user, a service, a job. */
export interface Actor {
  readonly id: string
  /** What kind of actor this is, such as `user` or `service`. */
  readonly kind?: string
  /** What the authentication said about the actor. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** What travels with every request, command, event, step and message. */
export interface Context {
  /** Names everything that follows from one outer cause, such as one HTTP request. */
  readonly correlationId: string
  /** The id of what directly caused this work. */
  readonly causationId: string | undefined
  readonly trace: TraceContext | undefined
  /** Facts from callers that are passed on to whoever is called; not kept with events. @default none */
  readonly baggage?: Baggage | undefined
  readonly tenant: string | undefined
  readonly actor: Actor | undefined
  /** When the work is pointless, in milliseconds since 1970. */
  readonly deadline: number | undefined
  /** Fires when the work is pointless: the client left, the deadline passed, the process stops. */
  readonly signal: AbortSignal
}

const storage = new AsyncLocalStorage<Context | undefined>()

/** The context of the work that is going on, or `undefined` outside of any. */
export function currentContext(): Context | undefined {
  return storage.getStore()
}

/** Does `work(argument)` in a context: everything it awaits and starts sees it through `currentContext()`. */
export function runInContext<A, T>(context: Context, work: (argument: A) => T, argument: A): T {
  // `storage.run` would make a second frame to go back to, which idle connections then keep: the scope of a resource goes back for nothing.
  return new AsyncResource('TuttiContext', resourceOptions).runInAsyncScope(enter<A, T>, undefined, context, work, argument)
}

/** Nobody is told when the resource is gone, so that it need not be watched. */
const resourceOptions = { requireManualDestroy: true }

function enter<A, T>(context: Context, work: (argument: A) => T, argument: A): T {
  storage.enterWith(context)
  return work(argument)
}

/** Does `work` outside of any context: for what outlives the request that happens to start it, such as a connection pool. */
export function runOutsideContext<T>(work: () => T): T {
  return storage.run(undefined, work)
}
