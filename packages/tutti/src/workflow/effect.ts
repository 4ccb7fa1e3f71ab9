import { retryDelay } from '../kernel/index.ts'
import { StepFailedError } from './errors.ts'
import { toFailure } from './failure.ts'
import type { Attempt, Done, Operations } from './operations.ts'
import type { Place } from './place.ts'
import { storable } from './storable.ts'
import type { StepContext } from './step-context.ts'
import { isNonRetryable, type AttemptPolicy, type UndoPolicy } from './step-options.ts'

/** Something with an effect whose result is recorded. */
export interface Effect {
  readonly policy: AttemptPolicy
  readonly undo?: UndoPolicy | undefined
  /** Tries it once, and records that where it succeeds. */
  readonly once: (attempt: Attempt) => Promise<Done>
}

/** Tries a function once, as an effect. */
export function once(run: Operations, place: Place, work: (ctx: StepContext) => unknown): (attempt: Attempt) => Promise<Done> {
  return async (how) => {
    const began = run.clock.monotonic()
    const { value, size } = storable(await run.attempt(place, how, work), `The result of ${place.path}`, run.payload)
    const took = Math.round(run.clock.monotonic() - began)
    const { attempt, undoable } = how
    const seq = run.record(
      place,
      { result: value, took, ...(attempt > 1 && { attempts: attempt }), ...(undoable && { undo: true }) },
      { size },
    )
    return { result: value, seq }
  }
}

/** Does something until it succeeds or its attempts are used up, and records that; gives what was recorded where it was done before. */
export async function perform(run: Operations, place: Place, effect: Effect): Promise<unknown> {
  const { undo } = effect
  const { path, recorded } = place
  const known = (result: unknown, seq: number): void => {
    if (undo !== undefined) run.undos.add({ path, seq, policy: undo, result })
  }
  if (recorded !== undefined) {
    const { record, seq } = recorded
    if (record.failure === undefined) {
      known(record.result, seq)
      return record.result
    }
    if (undo?.onUnknown === true) known(undefined, seq)
    throw new StepFailedError(path, record.failure, record.attempts ?? 1)
  }
  // It may have been interrupted after it had an effect.
  if (undo?.onUnknown === true) known(undefined, Number.POSITIVE_INFINITY)
  const { result, seq } = await tryOut(run, place, effect)
  known(result, seq)
  return result
}

async function tryOut(run: Operations, place: Place, { policy, undo, once: tryOnce }: Effect): Promise<Done> {
  const { pending, path } = place
  const { retry, timeout } = policy
  let attempt = pending?.attempt ?? 0
  if (pending?.until !== undefined) await run.wait(place, pending)
  for (;;) {
    await run.ready(place)
    attempt++
    const began = run.clock.monotonic()
    const tried = await outcomeOf(() => tryOnce({ attempt, timeout, undoable: undo !== undefined }))
    if ('seq' in tried) return tried
    const { error } = tried
    // Not the step's own failure: the run or the branch was given up meanwhile.
    place.scope.signal.throwIfAborted()
    const failure = toFailure(error)
    if (attempt >= retry.attempts || isNonRetryable(error) || !retry.retryIf(error, attempt)) {
      const onUnknown = undo?.onUnknown === true
      const took = Math.round(run.clock.monotonic() - began)
      const seq = run.record(place, { failure, took, attempts: attempt, ...(onUnknown && { undo: true }) })
      if (onUnknown) run.undos.add({ path, seq, policy: undo, result: undefined })
      throw new StepFailedError(path, failure, attempt)
    }
    run.log.warn('A step failed; it is tried again', { step: path, attempt, error })
    await run.wait(place, { until: run.clock.now() + retryDelay(retry, attempt), attempt, failure })
  }
}

async function outcomeOf(work: () => Promise<Done>): Promise<Done | { readonly error: unknown }> {
  try {
    return await work()
  } catch (error) {
    return { error }
  }
}
