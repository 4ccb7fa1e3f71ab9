import { deriveContext, currentContext, runInContext, TuttiError, type Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { StepContext } from './step-context.ts'

/** How something is tried. */
export interface Trial {
  readonly key: string
  readonly attempt: number
  /** Milliseconds; `undefined` is no limit. */
  readonly timeout: number | undefined
  /** Tells that it was given up; what it still comes to is awaited. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
}

/** Tries something once. Rejects with `TUTTI_TIMEOUT` when its time is over, whatever it does then. */
export async function attempting<T>({ timeout, clock, signal, ...facts }: Trial, work: (ctx: StepContext) => T): Promise<Awaited<T>> {
  if (timeout === undefined) return await inContext(signal, () => work({ ...facts, signal }))
  const limit = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimeout(() => {
    const error = new TuttiError('TUTTI_TIMEOUT', `The attempt took longer than ${timeout} ms.`, { status: 504 })
    limit.abort(error)
    reject(error)
  }, timeout)
  const either = AbortSignal.any([signal, limit.signal])
  try {
    return await Promise.race([inContext(either, () => work({ ...facts, signal: either })), late])
  } finally {
    timer.cancel()
  }
}

/** What the work calls is given up with it. */
function inContext<T>(signal: AbortSignal, work: () => T): T {
  const context = currentContext()
  return context === undefined || context.signal === signal ? work() : runInContext(deriveContext(context, { signal }), work, undefined)
}
