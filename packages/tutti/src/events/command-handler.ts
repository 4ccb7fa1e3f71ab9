import { Accepted, Rejected, type CommandResult } from '../message/index.ts'
import { currentContext, newId, resolveRetry, retryDelay, type Clock } from '../kernel/index.ts'
import type { NewEvent } from '../message/index.ts'
import { StreamConflictError, type Appended, type EventStore, type Expected, type Storage, type Transaction } from '../storage/index.ts'
import type { AggregateEvent } from './aggregate-event.ts'
import type { AggregateCommand } from './command-message.ts'
import { AggregateError, ExpectedVersionError } from './errors.ts'
import { freezeDeep, type HeldState } from './held-state.ts'
import { Rejection } from './rejection.ts'
import type { RepositoryMetrics } from './repository-metrics.ts'
import type { Snapshots } from './snapshots.ts'
import type { StateCache } from './state-cache.ts'
import type { StreamLoader } from './stream-loader.ts'

/** What handling commands needs. */
export interface CommandHandlerParts {
  readonly storage: Storage
  readonly append: EventStore['append']
  readonly loader: StreamLoader
  readonly snapshots: Snapshots
  readonly cache: StateCache | undefined
  readonly metrics: RepositoryMetrics
  readonly clock: Clock
  readonly attempts: number
  readonly freeze: boolean
}

/** A command whose data was validated. */
export interface ValidCommand {
  readonly command: AggregateCommand
  readonly data: unknown
}

/** What a command comes to on some state. Only events are certain at once, for their append checks the version. */
type Verdict =
  | { readonly kind: 'events'; readonly events: readonly AggregateEvent[]; readonly state: unknown }
  | { readonly kind: 'answer'; readonly result: CommandResult }
  | { readonly kind: 'error'; readonly error: unknown }

/** Between attempts: long enough for the others to get ahead of each other, short against any client's patience. */
const backoff = resolveRetry({ attempts: 2, delay: 2, maxDelay: 100 })

/** Handles commands: state from memory or the storage, decide, append, and again when others were faster. */
export class CommandHandler {
  readonly #parts: CommandHandlerParts

  constructor(parts: CommandHandlerParts) {
    this.#parts = parts
  }

  async handle(valid: ValidCommand): Promise<CommandResult> {
    const { storage, metrics } = this.#parts
    const { command } = valid
    const { aggregate, key, stream } = command
    const tx = storage.running
    let { held, current } = await this.#begin(command, tx)
    for (let attempt = 1; ;) {
      const verdict = this.#consider(valid, held)
      if (verdict.kind === 'events') {
        const appended = await this.#append(command, verdict.events, held)
        if (!(appended instanceof StreamConflictError)) return this.#written(command, appended, { held, verdict, tx })
        metrics.conflict(aggregate.name)
        await this.#nextAttempt(attempt++, { conflict: appended, tx })
        held = await this.#newest(held)
        current = true
        continue
      }
      if (!current) {
        // The state may be behind the storage, and an answer that writes nothing is checked by nobody else.
        current = true
        const newest = await this.#newest(held)
        if (newest !== held) {
          held = newest
          continue
        }
      }
      const first = key === undefined ? undefined : await storage.events.answered(stream, key)
      if (first !== undefined) return this.#duplicate(command, first)
      if (verdict.kind === 'error') throw verdict.error
      metrics.handled(aggregate.name, command.command, verdict.result.ok ? 'accepted' : 'rejected')
      return verdict.result
    }
  }

  /** The state to begin with, and whether it is known to be current. */
  async #begin({ aggregate, stream }: AggregateCommand, tx: Transaction | undefined): Promise<{ held: HeldState; current: boolean }> {
    currentContext()?.signal.throwIfAborted()
    const { cache, loader, metrics } = this.#parts
    const cached = cache?.get(aggregate, stream)
    metrics.state(aggregate.name, cached === undefined ? 'storage' : 'memory')
    // A transaction may have written to the stream itself, which memory knows nothing of.
    if (cached !== undefined)
      return tx === undefined ? { held: cached, current: false } : { held: await this.#newest(cached), current: true }
    const held = this.#keep(await loader.load(aggregate, stream))
    // Why there are no events matters only if nothing is appended, since appending checks it.
    return { held, current: held.version > 0 }
  }

  #consider({ command, data }: ValidCommand, held: HeldState): Verdict {
    const { aggregate, expected, stream } = command
    const { version, position } = held
    try {
      if (!holds(expected, version)) return { kind: 'error', error: new ExpectedVersionError(stream, expected, version) }
      const decision = aggregate.handle(held.state, command.command, data)
      if (decision instanceof Rejection) {
        const { code, details } = decision
        return { kind: 'answer', result: new Rejected(code, details) }
      }
      if (decision.length === 0) return { kind: 'answer', result: new Accepted(version, position) }
      // Before anything is written: events that the aggregate cannot evolve from must not get into its stream.
      let state = held.state
      for (const event of decision) state = aggregate.apply(state, event)
      if (this.#parts.freeze) freezeDeep(state)
      return { kind: 'events', events: decision, state }
    } catch (error) {
      return { kind: 'error', error }
    }
  }

  async #append({ stream, key }: AggregateCommand, events: readonly AggregateEvent[], { version }: HeldState): Promise<AppendOutcome> {
    // An emission may be made once and given many times, so it has no id of its own.
    const numbered = events.map(({ type, version, data, encoded }): NewEvent & { readonly id: string } => ({
      id: newId(),
      type,
      version,
      data,
      encoded,
    }))
    const options = key === undefined ? { expected: version } : { expected: version, key }
    try {
      const appended = await this.#parts.append(stream, numbered, options)
      return { ...appended, eventId: numbered[numbered.length - 1]?.id ?? '' }
    } catch (error) {
      if (error instanceof StreamConflictError) return error
      throw error
    }
  }

  #written(
    command: AggregateCommand,
    { version, position, eventId, duplicate }: Appended & { readonly eventId: string },
    {
      held,
      verdict,
      tx,
    }: { readonly held: HeldState; readonly verdict: { readonly state: unknown }; readonly tx: Transaction | undefined },
  ): CommandResult {
    if (duplicate) return this.#duplicate(command, { version, position })
    const { aggregate, stream } = command
    const { cache, metrics, snapshots } = this.#parts
    const next: HeldState = { aggregate, stream, state: verdict.state, version, position, eventId }
    const committed = (): void => {
      cache?.put(next)
      snapshots.offer(next, held.version)
    }
    if (tx === undefined) committed()
    else tx.onCommit(committed)
    metrics.handled(aggregate.name, command.command, 'accepted')
    return new Accepted(version, position)
  }

  #duplicate({ aggregate, command }: AggregateCommand, { version, position }: Pick<Appended, 'version' | 'position'>): CommandResult {
    this.#parts.metrics.handled(aggregate.name, command, 'duplicate')
    return new Accepted(version, position)
  }

  async #nextAttempt(
    failed: number,
    { conflict, tx }: { readonly conflict: StreamConflictError; readonly tx: Transaction | undefined },
  ): Promise<void> {
    // Whoever has begun the transaction has read more than this stream, so only they can begin it again.
    if (tx !== undefined) throw conflict
    const { attempts, clock } = this.#parts
    if (failed >= attempts) {
      throw new AggregateError(
        'TUTTI_COMMAND_CONTENDED',
        `Others wrote to ${JSON.stringify(conflict.stream)} during each of ${attempts} attempts; nothing was written. Try again later.`,
        { status: 503, cause: conflict, details: { stream: conflict.stream, attempts } },
      )
    }
    const signal = currentContext()?.signal
    signal?.throwIfAborted()
    // The first conflict mostly means that the state was old, not that others are writing right now.
    if (failed > 1) await clock.sleep(retryDelay(backoff, failed - 1), signal)
  }

  /** A state with what has come since: the same object where nothing has. */
  async #newest(held: HeldState): Promise<HeldState> {
    const { cache, loader } = this.#parts
    if (held.version === 0) return this.#keep(await loader.recheck(held))
    const caughtUp = await loader.catchUp(held)
    if (caughtUp !== undefined) return this.#keep(caughtUp)
    cache?.drop(held.stream)
    const loaded = await loader.load(held.aggregate, held.stream)
    return this.#keep(loaded.version === 0 ? await loader.recheck(loaded) : loaded)
  }

  #keep(held: HeldState): HeldState {
    const { cache, freeze, storage } = this.#parts
    if (freeze) freezeDeep(held.state)
    if (held.version > 0 && storage.running === undefined) cache?.put(held)
    return held
  }
}

type AppendOutcome = (Appended & { readonly eventId: string }) | StreamConflictError

function holds(expected: Expected, version: number): boolean {
  if (typeof expected === 'number') return expected === version
  return expected === 'any' || (expected === 'exists') === version > 0
}
