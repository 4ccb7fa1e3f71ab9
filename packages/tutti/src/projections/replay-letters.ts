import { errorFacts } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { Document, DocumentChange } from '../storage/index.ts'
import { commit, facts } from './apply-batch.ts'
import type { Durable } from './builds.ts'
import { listLetters, type LetterValue } from './dead-letters.ts'
import { callHandler } from './deliver-batch.ts'
import { HandlerFailure } from './errors.ts'
import type { Projection } from './projection.ts'
import type { Segment } from './segment.ts'
import type { Subscription } from './subscription.ts'
import { checkpointChange, type Work } from './work.ts'

/** How many events of a parked stream are handled in one transaction. */
const chunk = 100

type Letter = Document<LetterValue>

/** Handles again what was asked for, in the segments that are held here, so that nothing else of them is handled meanwhile. */
export async function replayLetters(work: Work, segments: ReadonlyMap<number, Segment>): Promise<void> {
  for (const letter of await listLetters(work.storage, `${work.build.id}/`, 'replay')) {
    const segment = segments.get(letter.value.segment)
    if (segment === undefined) continue
    if (letter.value.parked) await replayStream(work, segment, letter)
    else await replayEvent(work, segment, letter)
  }
}

async function replayEvent(work: Work, segment: Segment, letter: Letter): Promise<void> {
  const { stream, streamVersion } = letter.value
  const events = await work.storage.events.read(stream, { from: streamVersion, to: streamVersion }).toArray()
  const failure = await attempt(work, segment, { events, changes: [removed(letter)], attempts: letter.value.attempts })
  if (failure !== undefined) await work.storage.state.write([putBack(work, letter, failure)])
}

/** Handles the events of a parked stream in order, up to where its segment has come; what comes later is handled as always. */
async function replayStream(work: Work, segment: Segment, first: Letter): Promise<void> {
  let letter = first
  let from = first.value.streamVersion + (first.value.discarded === true ? 1 : 0)
  for (;;) {
    const page = await work.storage.events.read(letter.value.stream, { from, limit: chunk }).toArray()
    const due = page.filter(({ position }) => position <= segment.position)
    const events = due.filter(({ type }) => work.definition.handlers.has(type))
    const isLast = due.length < chunk
    const next = from + due.length
    const change = isLast ? removed(letter) : moved(letter, next)
    let failure = await attempt(work, segment, { events, changes: [change], attempts: letter.value.attempts })
    if (failure !== undefined) {
      // What comes before the event that failed is done, and the stream stays parked from there on.
      while (failure !== undefined) {
        const before = events.slice(0, failure.index)
        failure = await attempt(work, segment, {
          events: before,
          changes: [putBack(work, letter, failure)],
          attempts: letter.value.attempts,
        })
      }
      return
    }
    if (isLast) {
      segment.parked.delete(letter.value.stream)
      return
    }
    const now = await work.storage.state.get<LetterValue>(letter.key)
    if (now === undefined) return
    letter = now
    from = next
  }
}

interface Failure {
  readonly index: number
  readonly event: RecordedEvent
  readonly error: unknown
}

/** Handles events with the changes that follow; resolves with the first failure, after which nothing counts that was written. */
async function attempt(
  work: Work,
  segment: Segment,
  {
    events,
    changes,
    attempts,
  }: { readonly events: readonly RecordedEvent[]; readonly changes: readonly DocumentChange[]; readonly attempts: number },
): Promise<Failure | undefined> {
  // The checkpoint is written as it is: that fails where the segment is another's by now.
  const guarded = [...changes, checkpointChange(work.build, { segment, position: segment.stored, failing: segment.failing })]
  try {
    if (isProjection(work))
      await commit(
        work,
        events.map((event) => ({ event, segment })),
        guarded,
      )
    else await callEach(work, events, attempts)
    if (!isProjection(work)) await work.storage.state.write(guarded)
    segment.version++
    return undefined
  } catch (error) {
    if (!(error instanceof HandlerFailure)) throw error
    const event = events[error.index] as RecordedEvent
    work.log.error('A dead letter could not be handled again', { ...facts(event), error: error.cause })
    return { index: error.index, event, error: error.cause }
  }
}

async function callEach(work: Work<Durable>, events: readonly RecordedEvent[], attempts: number): Promise<void> {
  if (!isSubscription(work)) return
  for (const [index, event] of events.entries()) {
    try {
      await callHandler(work, event, index === 0 ? attempts + 1 : 1)
    } catch (error) {
      throw new HandlerFailure(index, error)
    }
  }
}

/** The failed event takes the place of the one that failed before. */
function putBack(work: Work, { key, value, version }: Letter, { event, error }: Failure): DocumentChange {
  const attempts = event.id === value.eventId ? value.attempts + 1 : 1
  const { id: eventId, type, streamVersion, position } = event
  const { discarded: _, ...kept } = value
  const after: LetterValue = { ...kept, eventId, type, streamVersion, position, attempts, error: errorFacts(error), time: work.clock.now() }
  return { key, value: after, ifVersion: version, status: value.parked ? 'parked' : 'dead' }
}

function removed({ key, version }: Letter): DocumentChange {
  return { key, delete: true, ifVersion: version }
}

function moved({ key, value, version }: Letter, streamVersion: number): DocumentChange {
  const { discarded: _, ...kept } = value
  return { key, value: { ...kept, streamVersion }, status: 'replay', ifVersion: version }
}

function isProjection(work: Work): work is Work<Projection> {
  return work.definition.kind === 'projection'
}

function isSubscription(work: Work): work is Work<Subscription> {
  return work.definition.kind === 'subscription'
}
