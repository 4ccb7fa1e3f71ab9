import { runInContext } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import { disabledSpan, inSpan, type Span } from '../observe/index.ts'
import { LeaseLostError, type DocumentChange } from '../storage/index.ts'
import { facts, outcome } from './apply-batch.ts'
import { letterKey, letterOf } from './dead-letters.ts'
import { contextOf } from './event-context.ts'
import { eventSpan } from './event-spans.ts'
import { handle } from './event-handlers.ts'
import type { SubscriptionContext } from './handler-context.ts'
import { isPromise } from './projection-scope.ts'
import { segmentOf } from './segment-of.ts'
import type { Segment } from './segment.ts'
import type { Subscription } from './subscription.ts'
import { judge } from './verdict.ts'
import { Watchdog } from './watchdog.ts'
import { checkpointChange, note, type Batch, type Work } from './work.ts'

/**
 * Calls the handler for each event: segments side by side, the events of one in order. Checkpoints follow without anybody waiting for
 * them, so after a crash what was handled last may be handled again.
 */
export async function deliverBatch(work: Work<Subscription>, { segments, events, upTo }: Batch): Promise<void> {
  const perSegment = Map.groupBy(events, ({ stream }) => segmentOf(stream, work.build.segments))
  await Promise.all(
    [...segments.values()].map(async (segment) => {
      try {
        await deliver(work, segment, { events: perSegment.get(segment.number) ?? [], upTo })
      } catch (error) {
        if (!(error instanceof LeaseLostError)) throw error
        work.drop(segment)
      }
    }),
  )
}

async function deliver(
  work: Work<Subscription>,
  segment: Segment,
  { events, upTo }: { readonly events: readonly RecordedEvent[]; readonly upTo: number },
): Promise<void> {
  const saver = new Saver(work, segment)
  try {
    for (const event of events) {
      if (!work.mayGoOn(segment)) return
      if (event.position <= segment.position) continue
      if (!segment.parked.has(event.stream) && !work.replaying(event)) {
        try {
          await callHandler(work, event, segment.failing?.position === event.position ? segment.failing.attempt + 1 : 1)
          work.handled.add(1)
        } catch (error) {
          await saver.saved()
          if (!(await fail(work, segment, { event, error }))) return
        }
      }
      segment.failing = undefined
      segment.position = event.position
      saver.save()
    }
    segment.position = upTo
  } finally {
    await saver.saved()
  }
  await saver.saveNow()
}

/** Calls the handler of a subscription. Rejects with what it throws, or with `TUTTI_TIMEOUT`. */
export async function callHandler(work: Work<Subscription>, event: RecordedEvent, attempt: number): Promise<void> {
  const { definition, clock, log, tracer, duration } = work
  using watchdog = new Watchdog(clock, definition.handling.timeout)
  const ctx: SubscriptionContext = { attempt, log, signal: watchdog.signal }
  const call = (span: Span): Promise<void> | undefined => {
    const result = runInContext(contextOf(event, watchdog.signal, span.context), () => handle(definition, event, ctx), undefined)
    return isPromise(result) ? watchdog.watch(result) : undefined
  }
  const start = performance.now()
  try {
    if (tracer.enabled) await inSpan(tracer, eventSpan(tracer, { subscription: definition.name, event, attempt, now: clock.now() }), call)
    else await call(disabledSpan)
  } finally {
    duration.record((performance.now() - start) / 1000)
  }
}

/** Resolves with whether the segment goes on behind the event. */
async function fail(
  work: Work<Subscription>,
  segment: Segment,
  { event, error }: { readonly event: RecordedEvent; readonly error: unknown },
): Promise<boolean> {
  const { definition, build, storage, clock } = work
  work.failed.add(1)
  const now = clock.now()
  const verdict = judge(definition.handling, segment, { event, error, now })
  const before = { segment, position: event.position - 1, failing: undefined }
  if (verdict.kind === 'retry') {
    work.log.warn('An event could not be handled; it is tried again', { ...facts(event), attempt: verdict.failing.attempt, error })
    await write(work, segment, { ...before, failing: verdict.failing })
    return false
  }
  work.log.error(`An event could not be handled: ${outcome[verdict.kind]}`, { ...facts(event), attempts: verdict.attempts, error })
  if (verdict.kind === 'stop') {
    await write(work, segment, before)
    await work.halt(event, error)
    return false
  }
  const parked = verdict.kind === 'park'
  const at = { projection: definition.name, build: build.id, segment: segment.number, attempts: verdict.attempts, time: now, parked }
  const letter: DocumentChange = {
    key: letterKey(build, event.position),
    value: letterOf(event, at, error),
    status: parked ? 'parked' : 'dead',
  }
  const after = { segment, position: event.position, failing: undefined }
  await storage.state.write([checkpointChange(build, after), letter])
  note(after, now)
  if (parked) segment.parked.add(event.stream)
  return true
}

async function write({ storage, build, clock }: Work, segment: Segment, at: Pick<Segment, 'position' | 'failing'>): Promise<void> {
  const progress = { segment, position: at.position, failing: at.failing }
  await storage.state.write([checkpointChange(build, progress)])
  note(progress, clock.now())
}

/** Stores a segment's checkpoint, one write at a time: what comes meanwhile goes with the next. */
class Saver {
  readonly #work: Work
  readonly #segment: Segment
  #saving: Promise<void> | undefined

  constructor(work: Work, segment: Segment) {
    this.#work = work
    this.#segment = segment
  }

  save(): void {
    if (this.#saving !== undefined) return
    this.#saving = this.saveNow().finally(() => (this.#saving = undefined))
    // Whoever awaits `saved` hears of it; the next save fails as well where the lease is lost.
    this.#saving.catch(() => undefined)
  }

  async saved(): Promise<void> {
    await this.#saving
  }

  async saveNow(): Promise<void> {
    const { position, stored, failing } = this.#segment
    if (position === stored) return
    const progress = { segment: this.#segment, position, failing }
    await this.#work.storage.state.write([checkpointChange(this.#work.build, progress)])
    this.#segment.version++
    this.#segment.stored = position
    this.#segment.storedAt = this.#work.clock.now()
  }
}
