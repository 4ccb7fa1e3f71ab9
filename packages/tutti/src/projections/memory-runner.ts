import { retryDelay, resolveRetry, Wakeup, type Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { ProjectionError } from './errors.ts'
import { handle } from './event-handlers.ts'
import type { MemoryContext } from './handler-context.ts'
import type { LogReader } from './log-reader.ts'
import type { MemoryProjection } from './memory-projection.ts'
import type { MemoryView } from './views.ts'

const batch = 500
const troubleDelay = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '5s' })

/** Builds a projection in memory from the beginning of the log, and keeps it up to date. */
export class MemoryRunner<State = unknown> implements MemoryView<State> {
  readonly definition: MemoryProjection<State>
  readonly #reader: LogReader
  readonly #log: Logger
  readonly #onProgress: () => void
  readonly #wakeup: Wakeup
  readonly #types: ReadonlySet<string>
  #state: State
  #position = 0
  #loop: Promise<void> | undefined
  #stopping = false
  #failure: ProjectionError | undefined

  constructor(
    definition: MemoryProjection<State>,
    { reader, log, clock, onProgress }: { readonly reader: LogReader; readonly log: Logger; readonly clock: Clock; onProgress(): void },
  ) {
    this.definition = definition
    this.#reader = reader
    this.#log = log
    this.#onProgress = onProgress
    this.#wakeup = new Wakeup(clock)
    this.#types = new Set(definition.handlers.keys())
    this.#state = definition.initial()
  }

  get position(): number {
    return this.#position
  }

  get failure(): ProjectionError | undefined {
    return this.#failure
  }

  get(): State {
    if (this.#failure !== undefined) throw this.#failure
    return this.#state
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  wake(): void {
    this.#wakeup.wake()
  }

  /** Builds it anew. */
  reset(): void {
    this.#state = this.definition.initial()
    this.#position = 0
    this.#failure = undefined
    this.wake()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.wake()
    await this.#loop
  }

  async #run(): Promise<void> {
    let trouble = 0
    while (!this.#stopping) {
      let progressed = false
      try {
        progressed = this.#failure === undefined && (await this.#pass())
        trouble = 0
      } catch (error) {
        trouble++
        this.#log.warn('A projection in memory cannot read; it tries again', { projection: this.definition.name, error })
      }
      if (progressed) this.#onProgress()
      else if (!this.#stopping) await this.#wakeup.rest(trouble > 0 ? retryDelay(troubleDelay, trouble) : undefined)
    }
  }

  async #pass(): Promise<boolean> {
    const after = this.#position
    const { events, position } = await this.#reader.page(after, this.#types, batch)
    // It was reset meanwhile.
    if (after !== this.#position) return true
    for (const event of events) {
      const ctx: MemoryContext<State> = { state: this.#state }
      try {
        const next = handle(this.definition, event, ctx)
        // What it returns is the state: its type says so.
        if (next !== undefined) this.#state = next as State
      } catch (cause) {
        this.#failure = new ProjectionError(
          'TUTTI_PROJECTION_STOPPED',
          `The projection ${this.definition.name} failed on the event ${event.id} (${event.type}, position ${event.position}): ${cause instanceof Error ? cause.message : String(cause)} Mend its handler.`,
          { cause, details: { projection: this.definition.name, eventId: event.id, position: event.position } },
        )
        this.#log.error('A projection in memory has stopped', { projection: this.definition.name, error: this.#failure })
        this.#onProgress()
        return false
      }
    }
    this.#position = position
    return position > after
  }
}
