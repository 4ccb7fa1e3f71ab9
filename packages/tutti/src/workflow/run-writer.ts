import type { Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { DocumentConflictError, LeaseLostError, StorageError, type DocumentChange, type StateStore } from '../storage/index.ts'
import type { RunDocument, RunValue } from './run-document.ts'

/** One write of a run's document. */
export interface RunWrite {
  readonly value: RunValue
  readonly status: string
  readonly due: number | undefined
  /** Gives the run back. @default it stays with this process */
  readonly release?: boolean
  /** What is written with it, or not at all. @default nothing */
  readonly also?: readonly DocumentChange[]
  /** Told whether it was written, before anything else is. @default nobody is */
  readonly settled?: (error?: unknown) => Promise<void>
}

/** What a writer works with. */
export interface RunWriterParts {
  readonly state: StateStore
  readonly clock: Clock
  readonly log: Logger
  readonly document: RunDocument
  /** Until when the claim holds, in milliseconds since 1970. */
  claimedUntil(): number
  /** Somebody else has written the document, such as with a signal: the run takes it in. */
  onNews(document: RunDocument): void
  /** The run is another process's now. */
  onLost(): void
}

/** Errors that the next try would meet as well. */
const hopeless: ReadonlySet<string> = new Set(['TUTTI_OPTION_INVALID', 'TUTTI_CODEC_UNSUPPORTED', 'TUTTI_STORAGE_CLOSED'])

/**
 * Writes the document of a run under its claim, one write after the other. What others have put into the document meanwhile is taken in
 * first; a storage that does not answer is tried again as long as the claim holds.
 */
export class RunWriter {
  readonly #parts: RunWriterParts
  readonly #key: string
  readonly #tenant: string | undefined
  readonly #epoch: number
  #version: number
  /** Tells the writes of this process from those of others. */
  #writes: number
  #turn: Promise<void> = Promise.resolve()

  constructor(parts: RunWriterParts) {
    const { key, tenant, epoch, version, value } = parts.document
    this.#parts = parts
    this.#key = key
    this.#tenant = tenant
    this.#epoch = epoch
    this.#version = version
    this.#writes = value.writes
  }

  get claim(): { readonly key: string; readonly epoch: number } {
    return { key: this.#key, epoch: this.#epoch }
  }

  get version(): number {
    return this.#version
  }

  /**
   * Writes what `make` gives when its turn has come, and again where somebody else was faster; nothing where it gives nothing. Resolves with
   * false where the run is lost.
   */
  write(make: () => RunWrite | undefined | Promise<RunWrite | undefined>): Promise<boolean> {
    return this.inTurn(async () => {
      for (let attempt = 1; !this.#isOver(); attempt++) {
        let made: RunWrite | undefined
        try {
          made = await make()
          if (made === undefined) return true
          await this.writeIn(this.#parts.state, made)
        } catch (error) {
          if (made === undefined) {
            await this.patience(error, attempt)
            continue
          }
          await made.settled?.(error)
          const outcome = await this.settle(error, made, attempt)
          if (outcome === 'again') continue
          return outcome === 'written'
        }
        this.written(made)
        await made.settled?.()
        return true
      }
      return false
    })
  }

  /** Writes once, maybe within a transaction: in turn, with `settle` or `written` behind it. */
  async writeIn(state: Pick<StateStore, 'write'>, made: RunWrite): Promise<void> {
    await state.write(this.changes(made))
  }

  /** Takes note of a write in a transaction that has committed. */
  written({ value }: RunWrite): void {
    this.#version++
    this.#writes = value.writes
  }

  /** Resolves when no other write is under way, with what lets the next one begin. */
  async enter(): Promise<() => void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    return resolve
  }

  /** Does something while no write is under way. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }

  /** Gives the run up where its claim is over. */
  assertClaimed(): void {
    this.#isOver()
  }

  #isOver(): boolean {
    const { clock, claimedUntil, onLost } = this.#parts
    if (clock.now() < claimedUntil()) return false
    onLost()
    return true
  }

  /** What is to be written: the run's own document, and what goes with it. */
  changes({ value, status, due, release = false, also = [] }: RunWrite): readonly DocumentChange[] {
    return [
      {
        key: this.#key,
        value,
        status,
        release,
        epoch: this.#epoch,
        ifVersion: this.#version,
        ...(due !== undefined && Number.isFinite(due) && { due: Math.ceil(due) }),
        ...(this.#tenant !== undefined && { tenant: this.#tenant }),
      },
      ...also,
    ]
  }

  /** Waits until it is worth another try. Throws what the next one would meet as well. */
  async patience(error: unknown, attempt: number): Promise<void> {
    if (!(error instanceof StorageError) || hopeless.has(error.code)) throw error
    const { clock, log } = this.#parts
    log.warn('A run could not be written; it is tried again', { run: this.#key, error })
    await clock.sleep(Math.min(1_000, 20 * 2 ** Math.min(attempt, 10)))
  }

  /** Finds out what became of a write that failed. */
  async settle(error: unknown, { value }: RunWrite, attempt: number): Promise<'written' | 'again' | 'lost'> {
    const { state, onNews, onLost } = this.#parts
    if (error instanceof LeaseLostError && error.key === this.#key) {
      onLost()
      return 'lost'
    }
    if (!(error instanceof DocumentConflictError || error instanceof LeaseLostError)) await this.patience(error, attempt)
    let found: RunDocument | undefined
    try {
      found = await state.get<RunValue>(this.#key)
    } catch {
      // The next try tells.
      return 'again'
    }
    const written = found?.value.writes === value.writes
    // A write that was given up may have come through late: then the run is not what it is here.
    if (found === undefined || found.epoch !== this.#epoch || !(written || found.value.writes === this.#writes)) {
      onLost()
      return 'lost'
    }
    if (found.version === this.#version) return 'again'
    this.#version = found.version
    this.#writes = found.value.writes
    onNews(found)
    return written ? 'written' : 'again'
  }
}
