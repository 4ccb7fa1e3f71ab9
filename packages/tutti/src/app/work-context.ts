import type { MessageNeeds } from '../cqrs/index.ts'
import type { ProtocolVerbs, Verbs } from '../message/index.ts'
import type { SqlDatabase, Storage } from '../storage/index.ts'
import type { Transactor } from './transactional.ts'

/** What every handler of work that comes by itself can do: of events, messages and schedules. */
export interface WorkContext<Deps = unknown> extends Verbs, Transactor {
  /** The user's own tables, beside the events. Joins a transaction that is going on. */
  readonly sql: SqlDatabase
  readonly deps: Deps
}

/** What handlers are given by the application. */
export interface WorkParts {
  readonly verbs: ProtocolVerbs
  storage(): Storage
  /** Resolves what a handler needs, and goes on with it. */
  withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T>
}

/** The verbs of a piece of work that may be done again: what it sends to aggregates takes effect once all the same. */
export class Work implements WorkContext {
  readonly deps: unknown
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
  readonly transaction: Storage['transaction']
  readonly #storage: () => Storage

  /** `key` names the work, the same each time that it is done. */
  constructor({ verbs, storage }: WorkParts, key: string, deps: unknown) {
    let sent = 0
    this.deps = deps
    this.send = (command) => verbs.sendWith(command, { key: `${key}:${sent++}` })
    this.ask = verbs.ask
    this.load = verbs.load
    this.find = verbs.find
    this.waitFor = verbs.waitFor
    this.view = verbs.view
    // Consumers with an inbox handle each id once.
    this.publish = (topic, data, options) => verbs.publish(topic, data, { id: `${key}:${sent++}`, ...options })
    this.run = (workflow, input, options) => verbs.run(workflow, input, { id: `${key}:${sent++}`, ...options })
    this.getRun = verbs.getRun
    this.later = verbs.later
    this.transaction = async (work) => {
      const before = sent
      try {
        return await storage().transaction(work)
      } catch (error) {
        // What was rolled back was never sent: when it is done again its commands have the same keys.
        sent = before
        throw error
      }
    }
    this.#storage = storage
  }

  get sql(): SqlDatabase {
    return this.#storage().sql
  }
}

/** Resolves what a handler declares, if anything, and calls it. */
export function withDeps(parts: WorkParts, deps: MessageNeeds | undefined, call: (deps: unknown) => unknown): unknown {
  return deps === undefined ? call({}) : parts.withDependencies(deps, async (values) => call(values))
}
