import type { Actor, Baggage, Context, Needs, Resolved, TraceContext } from '../kernel/index.ts'
import type { Verbs } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'
import type { SqlDatabase, Storage } from '../storage/index.ts'

/** What a message's context takes from the bus. */
export interface MessageContextParts {
  readonly kind: 'command' | 'query'
  readonly name: string
  readonly input: unknown
  readonly context: Context
  readonly parts: ContextParts
}

/** What contexts are given by the application. */
export interface ContextParts {
  readonly log: Logger
  readonly verbs: Verbs
  /** Where `sql` and `transaction` lead. */
  storage(): Storage
}

/** Everything the handler or a middleware of a command or query can use; members may be destructured. */
export class MessageContext<Input = unknown, Deps = unknown> implements Context {
  readonly kind: 'command' | 'query'
  /** The name of the command or query. */
  readonly name: string
  /** Validated by the definition's schema. */
  readonly input: Input
  readonly correlationId: string
  readonly causationId: string | undefined
  readonly trace: TraceContext | undefined
  readonly baggage: Baggage | undefined
  readonly tenant: string | undefined
  readonly actor: Actor | undefined
  readonly deadline: number | undefined
  /** Fires when the caller no longer waits or the time is over. */
  readonly signal: AbortSignal
  readonly log: Logger
  readonly send: Verbs['send']
  readonly ask: Verbs['ask']
  readonly load: Verbs['load']
  readonly find: Verbs['find']
  readonly waitFor: Verbs['waitFor']
  readonly view: Verbs['view']
  readonly publish: Verbs['publish']
  readonly run: Verbs['run']
  readonly getRun: Verbs['getRun']
  readonly later: Verbs['later']
  /** Commits what `work` did when it resolves, and rolls back when it throws: commands, `sql` and documents that are used meanwhile join. */
  readonly transaction: Storage['transaction']
  /** The dependencies that the handler declares. */
  deps: Deps
  readonly #storage: () => Storage

  constructor({ kind, name, input, context, parts }: MessageContextParts) {
    const { verbs, log, storage } = parts
    this.kind = kind
    this.name = name
    // Validated by the schema that `Input` is inferred from.
    this.input = input as Input
    this.correlationId = context.correlationId
    this.causationId = context.causationId
    this.trace = context.trace
    this.baggage = context.baggage
    this.tenant = context.tenant
    this.actor = context.actor
    this.deadline = context.deadline
    this.signal = context.signal
    this.log = log
    this.send = (command) => verbs.send(command)
    this.ask = (query) => verbs.ask(query)
    this.load = (aggregate, id, options) => verbs.load(aggregate, id, options)
    this.find = (aggregate, id, options) => verbs.find(aggregate, id, options)
    this.waitFor = (projection, position, options) => verbs.waitFor(projection, position, options)
    this.view = (projection) => verbs.view(projection)
    this.publish = (topic, data, options) => verbs.publish(topic, data, options)
    this.run = (workflow, input, options) => verbs.run(workflow, input, options)
    this.getRun = (workflow, id) => verbs.getRun(workflow, id)
    this.later = (when, command, options) => verbs.later(when, command, options)
    this.transaction = (work) => storage().transaction(work)
    this.#storage = storage
    this.deps = {} as Deps
  }

  /** The user's own tables: for queries where read models are. Joins a transaction that is going on. */
  get sql(): SqlDatabase {
    return this.#storage().sql
  }
}

/** Goes on to the next middleware and in the end to the handler; rejects where one of them throws. */
export type MessageNext = () => Promise<unknown>

/** Wraps the handling of commands or queries, in the shape of HTTP middleware: what it returns is the result; nothing keeps what `next()` gave. */
export type MessageMiddleware = (ctx: MessageContext, next: MessageNext) => unknown

/** The dependencies of a handler by name. */
export type MessageNeeds = Needs

/** Their values. */
export type MessageDeps<N> = N extends Needs ? Resolved<N> : Readonly<Record<never, never>>
