import { retryDelay, resolveRetry, Wakeup, type Clock } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { Logger, Meter, Tracer } from '../observe/index.ts'
import type { EventPage, Storage } from '../storage/index.ts'
import { applyBatch } from './apply-batch.ts'
import { handoverPosition, type Build } from './build.ts'
import { promote, type Durable } from './builds.ts'
import type { Control } from './control.ts'
import { findBuild } from './control.ts'
import { deliverBatch } from './deliver-batch.ts'
import { Holdings } from './holdings.ts'
import type { LogReader } from './log-reader.ts'
import type { Projection } from './projection.ts'
import { leastPosition, readCheckpoints } from './read-checkpoints.ts'
import { replayLetters } from './replay-letters.ts'
import type { Segment } from './segment.ts'
import type { Subscription } from './subscription.ts'
import { checkpointChange, note, type Batch, type Work } from './work.ts'

/** How long a checkpoint may lag behind in the storage while there is nothing to handle, in milliseconds. */
const idleSave = 1_000

const troubleDelay = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '5s' })

/** What a runner needs of its process. */
export interface RunnerParts {
  readonly storage: Storage
  readonly clock: Clock
  readonly log: Logger
  readonly meter: Meter
  readonly tracer: Tracer
  readonly reader: LogReader
  readonly owner: string
  readonly lease: number
  /** What holds now for the projection. */
  control(): Control
  /** Takes over what holds from now on. */
  onControl(control: Control): void
  /** Reads again what holds. */
  refresh(): Promise<void>
  /** Stops the projection in all processes. */
  halt(event: RecordedEvent, error: unknown): Promise<void>
  /** The build has come further, or its state has changed. */
  onProgress(): void
}

/** Keeps one build up to date in the segments that this process holds. */
export class Runner {
  readonly build: Build
  readonly holdings: Holdings
  readonly #definition: Durable
  readonly #parts: RunnerParts
  readonly #work: Work
  readonly #types: ReadonlySet<string>
  readonly #wakeup: Wakeup
  #loop: Promise<void> | undefined
  #stopping = false
  #replay = true
  #trouble: { readonly attempt: number; readonly message: string } | undefined
  #ahead: { readonly after: number; readonly page: Promise<EventPage> } | undefined

  constructor(definition: Durable, build: Build, parts: RunnerParts) {
    this.#definition = definition
    this.build = build
    this.#parts = parts
    this.#types = new Set(definition.handlers.keys())
    this.#wakeup = new Wakeup(parts.clock)
    this.holdings = new Holdings(build, parts)
    const labels = { projection: definition.name, build: build.id }
    this.#work = {
      definition,
      build,
      storage: parts.storage,
      clock: parts.clock,
      log: parts.log,
      tracer: parts.tracer,
      handled: parts.meter.counter('tutti.projection.events', { description: 'Events handled' }).with(labels),
      failed: parts.meter.counter('tutti.projection.failures', { description: 'Events whose handler failed' }).with(labels),
      duration: parts.meter
        .histogram('tutti.projection.duration', {
          description: 'How long transactions of projections and handlers of subscriptions took',
          unit: 's',
        })
        .with(labels),
      replaying: (event) => this.#isReplaying(event),
      mayGoOn: (segment) => !this.#rests() && this.holdings.holds(segment),
      drop: (segment) => this.holdings.drop(segment),
      halt: (event, error) => parts.halt(event, error),
    }
  }

  /** What keeps it from working; `undefined` while all is well. */
  get trouble(): string | undefined {
    if (this.#trouble !== undefined) return this.#trouble.message
    for (const { failing } of this.holdings.segments.values()) if (failing !== undefined) return failing.message
    return undefined
  }

  /** How far the segments that are held here have come. */
  get position(): number {
    return Math.min(...[...this.holdings.segments.values()].map(({ position }) => position))
  }

  start(): void {
    this.#loop ??= this.#run()
  }

  wake(): void {
    this.#wakeup.wake()
  }

  /** Dead letters are to be handled again. */
  replay(): void {
    this.#replay = true
    this.wake()
  }

  /** Ends after the batch at hand, and gives all segments away. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.wake()
    await this.#loop
    await this.#ahead?.page.catch(() => undefined)
    await this.holdings.letGo(true).catch((error: unknown) => {
      this.#parts.log.warn('The leases could not be given back; they end by themselves', { build: this.build.id, error })
    })
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      let progressed = false
      try {
        if (this.#trouble !== undefined) await this.holdings.recall()
        await this.holdings.letGo()
        progressed = !this.#rests() && (await this.#pass())
        this.#trouble = undefined
      } catch (error) {
        const attempt = (this.#trouble?.attempt ?? 0) + 1
        this.#trouble = { attempt, message: error instanceof Error ? error.message : String(error) }
        this.#ahead = undefined
        this.#parts.log.warn('A projection cannot work; it tries again', { build: this.build.id, attempt, error })
      }
      this.#parts.onProgress()
      if (!progressed && !this.#stopping) await this.#wakeup.rest(this.#restTime())
    }
  }

  #rests(): boolean {
    const { paused, stopped } = this.#parts.control()
    return this.#stopping || paused || stopped !== undefined
  }

  #restTime(): number | undefined {
    if (this.#trouble !== undefined) return retryDelay(troubleDelay, this.#trouble.attempt)
    if (this.#rests()) return undefined
    const now = this.#parts.clock.now()
    const next = Math.min(...[...this.holdings.segments.values()].map(({ failing }) => failing?.until ?? Number.POSITIVE_INFINITY))
    return next === Number.POSITIVE_INFINITY ? undefined : Math.max(1, next - now)
  }

  /** One batch for each group of segments that have come equally far; resolves with whether any came further. */
  async #pass(): Promise<boolean> {
    if (this.#replay) {
      this.#replay = false
      await replayLetters(this.#work, this.holdings.segments)
    }
    const limit = await this.#limit()
    if (limit === undefined) return false
    const now = this.#parts.clock.now()
    const ready = [...this.holdings.segments.values()].filter(({ failing }) => failing === undefined || failing.until <= now)
    const groups = [...Map.groupBy(ready, ({ position }) => position)].toSorted(([a], [b]) => a - b)
    let progressed = false
    for (const [i, [position, segments]] of groups.entries()) {
      // Those behind come no further than those ahead, and then go on together with them.
      const upTo = Math.min(limit, groups[i + 1]?.[0] ?? Number.MAX_SAFE_INTEGER)
      if (position < upTo && (await this.#advance(segments, { position, upTo, alone: groups.length === 1 }))) progressed = true
    }
    if (this.holdings.segments.size > 0 && this.position >= this.#promotionFrom(limit)) await this.#promote()
    return progressed
  }

  async #advance(
    group: readonly Segment[],
    { position, upTo, alone }: { readonly position: number; readonly upTo: number; readonly alone: boolean },
  ): Promise<boolean> {
    const page = cut(await this.#read(position, alone), upTo)
    if (page.position <= position) {
      await this.#saveIdle(group)
      return false
    }
    const segments = new Map(group.filter((segment) => this.holdings.holds(segment)).map((segment) => [segment.number, segment]))
    const batch: Batch = { segments, events: page.events, upTo: page.position }
    if (page.events.length === 0) {
      for (const segment of segments.values()) segment.position = page.position
      await this.#saveIdle(group)
    } else if (isFor(this.#work, 'projection')) {
      await applyBatch(this.#work, batch)
    } else if (isFor(this.#work, 'subscription')) {
      await deliverBatch(this.#work, batch)
    }
    return segments.size > 0
  }

  /** A page, and begins to read the next one where there is probably more. */
  async #read(after: number, alone: boolean): Promise<EventPage> {
    const { batch } = this.#definition.handling
    const read = (from: number): Promise<EventPage> => this.#parts.reader.page(from, this.#types, batch)
    const page = await (this.#ahead?.after === after ? this.#ahead.page : read(after))
    this.#ahead = undefined
    if (alone && page.events.length === batch) {
      const next = read(page.position)
      // Whoever takes the page hears of its failure.
      next.catch(() => undefined)
      this.#ahead = { after: page.position, page: next }
    }
    return page
  }

  /** Stores checkpoints that have moved without anything to handle, now and then. */
  async #saveIdle(segments: readonly Segment[], now: number = this.#parts.clock.now()): Promise<void> {
    const due = segments.filter(({ position, stored, storedAt }) => position > stored && now - storedAt >= idleSave)
    if (due.length === 0) return
    const progress = due.map((segment) => ({ segment, position: segment.position, failing: segment.failing }))
    await this.#work.storage.state.write(progress.map((one) => checkpointChange(this.build, one)))
    for (const one of progress) note(one, now)
  }

  /** Up to where it may go: beside an active build not beyond that one, so that no event's side effects are left out. */
  async #limit(): Promise<number | undefined> {
    const { control, refresh, storage } = this.#parts
    if (control().active === this.build.id) return Number.MAX_SAFE_INTEGER
    const active = findBuild(control(), control().active)
    const least = active && leastPosition(await readCheckpoints(storage, active))
    if (least === undefined) await refresh()
    return least
  }

  /** How far this process must have come before it is worth asking whether the build can move on; never where it is in its place. */
  #promotionFrom(limit: number): number {
    if (limit !== Number.MAX_SAFE_INTEGER) return limit - this.#definition.handling.batch
    const control = this.#parts.control()
    const handover = findBuild(control, this.build.id)?.handover
    return control.live === this.build.id || handover === undefined ? Number.POSITIVE_INFINITY : Math.max(...handover.positions)
  }

  async #promote(): Promise<void> {
    await this.#saveIdle([...this.holdings.segments.values()], Number.MAX_SAFE_INTEGER)
    const { name, handling } = this.#definition
    const control = await promote(this.#parts.storage, name, { id: this.build.id, slack: handling.batch })
    if (control !== undefined) this.#parts.onControl(control)
  }

  /** A build without a handover is beside the active one, whose side effects are done. */
  #isReplaying(event: RecordedEvent): boolean {
    const handover = findBuild(this.#parts.control(), this.build.id)?.handover
    return handover === undefined || event.position <= handoverPosition(handover, event.stream)
  }
}

function cut(page: EventPage, upTo: number): EventPage {
  if (page.position <= upTo) return page
  return { events: page.events.filter(({ position }) => position <= upTo), position: upTo }
}

function isFor(work: Work, kind: 'projection'): work is Work<Projection>
function isFor(work: Work, kind: 'subscription'): work is Work<Subscription>
function isFor(work: Work, kind: Durable['kind']): boolean {
  return work.definition.kind === kind
}
