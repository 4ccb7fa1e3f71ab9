import { OptionError, type Clock } from '../kernel/index.ts'
import type { DocumentChange } from '../storage/index.ts'
import { WorkflowError } from './errors.ts'
import type { ExecutionHost } from './execution-host.ts'
import { openStatus, type JournalRecord, type RunDocument, type RunValue } from './run-document.ts'
import { RunModel, type RunChange } from './run-model.ts'
import { RunWriter, type RunWrite } from './run-writer.ts'
import { Waits } from './waits.ts'

/** What a session is made with. */
export interface RunSessionParts {
  readonly host: ExecutionHost
  readonly workflow: string
  readonly document: RunDocument
  /** The pages of its journal, as one. */
  readonly paged: readonly JournalRecord[]
  /** Something has begun, ended or come. */
  onChange(): void
  /** Others have written the document. */
  onNews(): void
  /** The run is another process's now. */
  onLost(): void
}

/** A write, and what is to be called when it was done. */
export interface Composed extends RunWrite {
  readonly done: () => void
}

/** What an operation awaits that has nothing to go on with: its run is not executed here any more. */
export const never = new Promise<never>(() => undefined)

/** A run as a process holds it: its document, what has happened since it was written, what is being done and what is waited for. */
export class RunSession {
  readonly host: ExecutionHost
  readonly document: RunDocument
  readonly model: RunModel
  readonly writer: RunWriter
  readonly waits: Waits
  /** Fires when the work of the run is given up; what undoes it goes on. */
  readonly work = new AbortController()
  /** Fires when the run is another process's. */
  readonly claim = new AbortController()
  /** Until when the claim holds, in milliseconds since 1970. */
  claimedUntil: number
  /** Whether it is not executed here any more. */
  left = false
  /** Whether it is given back as soon as what it does now is recorded. */
  leaving = false
  /** Whether something waits to be begun elsewhere. */
  blocked = false
  readonly #parts: RunSessionParts
  #active = 0
  #calm: (() => void)[] = []
  #flushing: Promise<void> | undefined

  constructor(parts: RunSessionParts) {
    const { host, workflow, document, paged } = parts
    const { storage, settings } = host
    this.host = host
    this.document = document
    this.#parts = parts
    this.claimedUntil = document.leaseUntil ?? 0
    this.model = new RunModel(workflow, document, paged)
    this.waits = new Waits(settings.clock)
    this.writer = new RunWriter({
      state: storage.state,
      clock: settings.clock,
      log: settings.log,
      document,
      claimedUntil: () => this.claimedUntil,
      onNews: (found) => {
        this.model.merge(found)
        parts.onNews()
      },
      onLost: parts.onLost,
    })
  }

  get clock(): Clock {
    return this.host.settings.clock
  }

  get value(): RunValue {
    return this.model.value
  }

  /** Whether nothing is being done, so that only time or others can make it go on. */
  get isCalm(): boolean {
    return this.#active === 0
  }

  changed(): void {
    this.#parts.onChange()
  }

  /** Says that something is being done, until the work ends. */
  async doing<T>(work: () => Promise<T>): Promise<T> {
    this.#active++
    try {
      return await work()
    } finally {
      this.#active--
      if (this.#active === 0) for (const resolve of this.#calm.splice(0)) resolve()
      this.changed()
    }
  }

  /** Resolves when nothing is being done. */
  calm(): Promise<void> {
    if (this.#active === 0) return Promise.resolve()
    return new Promise((resolve) => this.#calm.push(resolve))
  }

  /** Resolves when everything that has happened by now is durable, or the run has left. */
  flush(): Promise<void> {
    return (this.#flushing ??= this.#flush())
  }

  async #flush(): Promise<void> {
    let done: (() => void) | undefined
    const written = await this.writer.write(() => {
      // What happens from now on is for the next one.
      this.#flushing = undefined
      if (this.left || !this.model.isDirty) return undefined
      const composed = this.compose()
      done = composed.done
      return composed
    })
    if (written) done?.()
  }

  /** Creates a document with the next write of the run, unless it exists. Resolves with whether it was created. */
  async writeWith(change: DocumentChange): Promise<boolean> {
    let made: Composed | undefined
    let exists = false
    const written = await this.writer.write(async () => {
      if (this.left) return undefined
      exists = made !== undefined && (await this.host.storage.state.get(change.key)) !== undefined
      made = this.compose({}, { also: exists ? [] : [change] })
      return made
    })
    if (written) made?.done()
    return written && !exists
  }

  /** What is to be written now, with what is waited for. */
  compose(change: RunChange = {}, { due = this.value.createdAt, ...more }: Partial<RunWrite> = {}): Composed {
    const state = this.value.state === 'undoing' ? 'undoing' : 'running'
    const { value, also, done } = this.model.compose({ state, pending: [...this.model.journal.unmet, ...this.waits.pending], ...change })
    const others: readonly DocumentChange[] = more.also ?? []
    return { status: openStatus(value.version), due, ...more, value, also: [...also, ...others], done }
  }

  /** Throws where nothing is begun any more. */
  assertHere(): void {
    if (this.left)
      throw new WorkflowError(
        'TUTTI_LEASE_LOST',
        `The run ${this.model.id} is not executed here any more; what goes on of it has no effect.`,
      )
  }

  /** An operation was called from a place that has no branch. */
  misplaced(): OptionError {
    return new OptionError(
      `Something of the run ${this.model.id} was called from elsewhere; wanted calls in the function of its workflow, and outside of its steps.`,
    )
  }
}
