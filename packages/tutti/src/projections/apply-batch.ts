import type { TraceContext } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import { inSpan } from '../observe/index.ts'
import { DocumentConflictError, isUnavailable, LeaseLostError, type DocumentChange } from '../storage/index.ts'
import { letterKey, letterOf, type LetterValue } from './dead-letters.ts'
import { HandlerFailure, SharedFailure } from './errors.ts'
import { batchSpan } from './event-spans.ts'
import type { Projection } from './projection.ts'
import { ProjectionScope, type Occurrence } from './projection-scope.ts'
import { segmentOf } from './segment-of.ts'
import type { Failing, Segment } from './segment.ts'
import { judge } from './verdict.ts'
import { Watchdog } from './watchdog.ts'
import { checkpointChange, note, type Batch, type Progress, type Work } from './work.ts'

interface Item {
  readonly event: RecordedEvent
  readonly segment: Segment
}

/** What was found out about a batch by trying it. */
interface Plan {
  readonly failing: Map<Segment, Failing>
  /** By the position of the event. */
  readonly letters: Map<number, LetterValue>
  /** Segments that stop before a position without a retry of their own. */
  readonly halted: Map<Segment, number>
}

/**
 * Handles a batch in one transaction with its checkpoints and dead letters. An event that fails rolls all back; then the rest is done
 * without it, and what comes behind it in its segment waits.
 */
export async function applyBatch(work: Work<Projection>, { segments, events, upTo }: Batch): Promise<void> {
  const open = new Set(segments.values())
  const items = itemsOf(events, segments, work.build.segments)
  const plan: Plan = { failing: new Map(), letters: new Map(), halted: new Map() }
  while (open.size > 0) {
    const chosen = items.filter((item) => isWanted(item, open, plan))
    const progress = [...open].map((segment) => progressOf(segment, plan, upTo))
    const letters = [...plan.letters.values()].filter(({ segment }) => [...open].some(({ number }) => number === segment))
    try {
      await commit(work, chosen, [
        ...progress.map((one) => checkpointChange(work.build, one)),
        ...letters.map((letter) => letterChange(letter)),
      ])
      const now = work.clock.now()
      for (const one of progress) note(one, now)
      for (const { parked, stream, segment } of letters) if (parked) segments.get(segment)?.parked.add(stream)
      work.handled.add(chosen.length)
      return
    } catch (error) {
      if (error instanceof HandlerFailure) await revise(work, plan, { item: chosen[error.index] as Item, error: error.cause })
      else if (error instanceof LeaseLostError) lose(work, open, error)
      // Another process has written a document that was read here: read it again. Its checkpoint is not ours, so this cannot go on for ever.
      else if (!(error instanceof DocumentConflictError) || [...open].some(({ key }) => key === error.key)) throw error
    }
  }
}

/** The events of a batch that are some segment's to handle. */
function itemsOf(events: readonly RecordedEvent[], segments: ReadonlyMap<number, Segment>, count: number): Item[] {
  const items: Item[] = []
  for (const event of events) {
    const segment = segments.get(segmentOf(event.stream, count))
    if (segment !== undefined && event.position > segment.position && !segment.parked.has(event.stream)) items.push({ event, segment })
  }
  return items
}

function isWanted({ event, segment }: Item, open: ReadonlySet<Segment>, plan: Plan): boolean {
  if (!open.has(segment)) return false
  const end = plan.failing.get(segment)?.position ?? plan.halted.get(segment)
  if (end !== undefined && event.position >= end) return false
  if (plan.letters.size === 0) return true
  if (plan.letters.has(event.position)) return false
  for (const { parked, stream, position } of plan.letters.values())
    if (parked && stream === event.stream && position < event.position) return false
  return true
}

function progressOf(segment: Segment, { failing, halted }: Plan, upTo: number): Progress {
  const at = failing.get(segment)
  const end = at?.position ?? halted.get(segment)
  return { segment, position: end === undefined ? upTo : end - 1, failing: at }
}

function letterChange(letter: LetterValue): DocumentChange {
  return { key: letterKey({ id: letter.build }, letter.position), value: letter, status: letter.parked ? 'parked' : 'dead' }
}

/**
 * Handles events and writes `changes` in one transaction. Throws a `HandlerFailure` for the one that failed, or what the storage says where it
 * could not work or has ended the transaction in favour of others: then no event is to blame.
 */
export async function commit(work: Work<Projection>, items: readonly Item[], changes: readonly DocumentChange[]): Promise<void> {
  if (items.length === 0) return work.storage.state.write(changes)
  const occurrences = items.map(({ event, segment }) => ({
    event,
    attempt: segment.failing?.position === event.position ? segment.failing.attempt + 1 : 1,
    replaying: work.replaying(event),
  }))
  try {
    await handleAndWrite(work, { occurrences, changes, together: true }).catch((error: unknown) => {
      if (!(error instanceof SharedFailure)) throw error
      // One at a time, with its own time for each: the event that is to blame is found.
      return handleAndWrite(work, { occurrences, changes, together: false })
    })
  } catch (error) {
    throw error instanceof HandlerFailure && isUnavailable(error.cause) ? error.cause : error
  }
}

/** Does it in a span, and measures it. */
async function handleAndWrite(work: Work<Projection>, batch: Parameters<typeof handleAndWriteIn>[1]): Promise<void> {
  const { definition, clock, tracer, duration } = work
  const start = performance.now()
  try {
    if (!tracer.enabled) return await handleAndWriteIn(work, batch, undefined)
    const events = batch.occurrences.map(({ event }) => event)
    await inSpan(tracer, batchSpan(definition.name, events, clock.now()), ({ context }) => handleAndWriteIn(work, batch, context))
  } finally {
    duration.record((performance.now() - start) / 1000)
  }
}

async function handleAndWriteIn(
  { storage, clock, definition, build, log }: Work<Projection>,
  {
    occurrences,
    changes,
    together,
  }: { readonly occurrences: readonly Occurrence[]; readonly changes: readonly DocumentChange[]; readonly together: boolean },
  trace: TraceContext | undefined,
): Promise<void> {
  using watchdog = new Watchdog(clock, definition.handling.timeout)
  await storage.transaction(async (tx) => {
    const scope = new ProjectionScope(tx, { definition, build, log, watchdog, together, trace })
    await scope.handleAll(occurrences)
    await tx.state.write([...scope.documents.takeChanges(), ...changes])
  })
}

/** Changes the plan so that it goes without an event that failed. */
async function revise(
  work: Work<Projection>,
  plan: Plan,
  { item, error }: { readonly item: Item; readonly error: unknown },
): Promise<void> {
  const { event, segment } = item
  // Where the storage itself is out of reach no event is to blame.
  await work.storage.ping()
  work.failed.add(1)
  const now = work.clock.now()
  const verdict = judge(work.definition.handling, segment, { event, error, now })
  if (verdict.kind === 'retry') {
    plan.failing.set(segment, verdict.failing)
    work.log.warn('An event could not be handled; it is tried again', { ...facts(event), attempt: verdict.failing.attempt, error })
    return
  }
  work.log.error(`An event could not be handled: ${outcome[verdict.kind]}`, { ...facts(event), attempts: verdict.attempts, error })
  if (verdict.kind === 'stop') {
    plan.halted.set(segment, event.position)
    await work.halt(event, error)
    return
  }
  const { definition, build } = work
  const at = { projection: definition.name, build: build.id, segment: segment.number, attempts: verdict.attempts, time: now }
  plan.letters.set(event.position, letterOf(event, { ...at, parked: verdict.kind === 'park' }, error))
}

/** What a log line says about a verdict. */
export const outcome = {
  skip: 'it is a dead letter now',
  park: 'its stream is set aside until it is replayed',
  stop: 'everything stops until it is resumed',
} as const

/** What a log line says about an event. */
export function facts({ id, type, stream, position }: RecordedEvent): Readonly<Record<string, unknown>> {
  return { eventId: id, type, stream, position }
}

function lose(work: Work, open: Set<Segment>, error: LeaseLostError): void {
  for (const segment of open) {
    if (segment.key !== error.key) continue
    open.delete(segment)
    work.drop(segment)
    return
  }
  throw error
}
