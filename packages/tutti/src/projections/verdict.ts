import { errorFacts, retryDelay, TuttiError } from '../kernel/index.ts'
import type { RecordedEvent } from '../message/index.ts'
import type { Handling } from './policies.ts'
import type { Failing, Segment } from './segment.ts'

/** What becomes of an event whose handler failed. */
export type Verdict =
  | { readonly kind: 'retry'; readonly failing: Failing }
  | { readonly kind: 'skip' | 'park' | 'stop'; readonly attempts: number }

/** Judges a failure by the policies. */
export function judge(
  { retry, poison }: Handling,
  segment: Segment,
  { event, error, now }: { readonly event: RecordedEvent; readonly error: unknown; readonly now: number },
): Verdict {
  const attempt = (segment.failing?.position === event.position ? segment.failing.attempt : 0) + 1
  // A process of an older release must leave it to one that knows the event's shape.
  const mustWait = error instanceof TuttiError && error.code === 'TUTTI_EVENT_DOWNCAST'
  if (!mustWait && (attempt >= retry.attempts || !retry.retryIf(error, attempt))) return { kind: poison, attempts: attempt }
  const until = now + retryDelay(retry, attempt)
  const { message } = errorFacts(error)
  return { kind: 'retry', failing: { position: event.position, eventId: event.id, attempt, until, message } }
}
