import { reasonText } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { compileValidator, toJsonSchema, type Schema, type Validator } from '../schema/index.ts'
import type { Document, Storage } from '../storage/index.ts'
import type { AggregateRules, SnapshotOptions } from './aggregate-rules.ts'
import type { HeldState } from './held-state.ts'
import type { RepositoryMetrics } from './repository-metrics.ts'

/** How snapshots are written: raised when this file changes what they mean. */
const format = 1

interface Policy {
  readonly every: number
  readonly fingerprint: string
  readonly validate: Validator<unknown> | undefined
}

/** Saves and reads states. What was saved is only used when it is certain to be what this process would build. */
export class Snapshots {
  readonly #storage: Storage
  readonly #logger: Logger
  readonly #metrics: RepositoryMetrics
  readonly #policies = new Map<AggregateRules<unknown>, Policy>()
  /** By stream, so that a slow storage gets one at a time and only the latest. */
  readonly #writing = new Map<string, { next: HeldState | undefined }>()
  #idle: (() => void)[] = []

  constructor(storage: Storage, { logger, metrics }: { readonly logger: Logger; readonly metrics: RepositoryMetrics }) {
    this.#storage = storage
    this.#logger = logger
    this.#metrics = metrics
  }

  /** The saved state of a stream, not yet compared with the stream; `undefined` where none fits. */
  async read<State>(aggregate: AggregateRules<State>, stream: string): Promise<HeldState<State> | undefined> {
    const policy = this.#policy(aggregate)
    if (policy === undefined) return undefined
    const discard = (reason: string): undefined => {
      this.#metrics.snapshot(aggregate.name, 'discarded')
      this.#logger.warn('A snapshot was discarded', { stream, reason })
      return undefined
    }
    const saved = await this.#get(stream, discard)
    if (saved === undefined) return undefined
    if (!isSaved(saved)) return discard('it is not a snapshot')
    if (saved.fingerprint !== policy.fingerprint) return discard('the aggregate has changed since')
    const checked = await policy.validate?.(saved.state)
    if (checked?.ok === false) return discard('its state does not fit the schema')
    this.#metrics.snapshot(aggregate.name, 'read')
    const { version, position, event: eventId } = saved
    // The fingerprint says that the same aggregate has saved it, and the schema has checked it where there is one.
    return { aggregate, stream, state: (checked?.value ?? saved.state) as State, version, position, eventId }
  }

  /** Saves a state without making anybody wait, if the events from `before` up to it make it due. */
  offer(held: HeldState, before: number): void {
    const policy = this.#policy(held.aggregate)
    // What a transaction has read or written may never be committed.
    if (policy === undefined || this.#storage.running !== undefined) return
    if (Math.floor(held.version / policy.every) === Math.floor(before / policy.every)) return
    const busy = this.#writing.get(held.stream)
    if (busy !== undefined) {
      busy.next = held
      return
    }
    const turn: { next: HeldState | undefined } = { next: held }
    this.#writing.set(held.stream, turn)
    void this.#write(turn, policy.fingerprint)
  }

  /** Waits until nothing is being written. */
  async drain(): Promise<void> {
    if (this.#writing.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  async #write(turn: { next: HeldState | undefined }, fingerprint: string): Promise<void> {
    let stream = ''
    for (let held = turn.next; held !== undefined; held = turn.next) {
      turn.next = undefined
      stream = held.stream
      const { aggregate, version, position, eventId: event, state } = held
      try {
        await this.#storage.state.put(keyOf(stream), { fingerprint, version, position, event, state })
        this.#metrics.snapshot(aggregate.name, 'written')
      } catch (error) {
        this.#metrics.snapshot(aggregate.name, 'failed')
        // The events are safe; only the next load is slower.
        this.#logger.warn('A snapshot could not be written', { stream, version, reason: reasonText(error) })
      }
    }
    this.#writing.delete(stream)
    if (this.#writing.size === 0) for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #get(stream: string, discard: (reason: string) => undefined): Promise<unknown> {
    let document: Document | undefined
    try {
      document = await this.#storage.state.get(keyOf(stream))
    } catch (error) {
      // A text that is no JSON; anything else is the storage's own trouble.
      if (!(error instanceof SyntaxError)) throw error
      return discard(error.message)
    }
    return document?.value
  }

  #policy(aggregate: AggregateRules<unknown>): Policy | undefined {
    if (aggregate.snapshot === undefined) return undefined
    const known = this.#policies.get(aggregate)
    if (known !== undefined) return known
    const { every, schema } = aggregate.snapshot
    const policy = {
      every,
      fingerprint: fingerprintOf(aggregate.name, aggregate.snapshot),
      validate: schema && compileValidator(schema),
    }
    this.#policies.set(aggregate, policy)
    return policy
  }
}

interface Saved {
  readonly fingerprint: string
  readonly version: number
  readonly position: number
  readonly event: string
  readonly state: unknown
}

function isSaved(value: unknown): value is Saved {
  if (typeof value !== 'object' || value === null) return false
  const { fingerprint, version, position, event } = value as Record<string, unknown>
  const numbers = Number.isSafeInteger(version) && Number.isSafeInteger(position) && Number(version) >= 1
  return numbers && typeof fingerprint === 'string' && typeof event === 'string' && 'state' in value
}

/** Texts that differ when the state may mean something else: name, declared version, schema and format. */
function fingerprintOf(name: string, { version = 1, schema }: SnapshotOptions): string {
  return `${name}/${version}/${schema === undefined ? '-' : schemaHash(schema)}/${format}`
}

function schemaHash(schema: Schema): string {
  const { createHash } = process.getBuiltinModule('node:crypto')
  return createHash('sha256')
    .update(JSON.stringify(toJsonSchema(schema, 'input')))
    .digest('hex')
    .slice(0, 16)
}

function keyOf(stream: string): string {
  return `snapshots/${stream}`
}
