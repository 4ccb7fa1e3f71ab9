import type { Clock } from './clock.ts'

/** How long work may take, and what becomes of it then. */
export interface TimeLimit {
  readonly clock: Clock
  /** Milliseconds; `undefined` is no limit. */
  readonly timeout: number | undefined
  /** Ends the work early, with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Makes the error that the work is given up with. */
  readonly timedOut: () => Error
}

/**
 * Does work that is given up, not awaited any longer, after a time-out or when a signal fires. The work's own signal fires then.
 * What it still answers or throws is ignored.
 */
export async function withinTime<T>(work: (signal: AbortSignal) => T | PromiseLike<T>, limit: TimeLimit): Promise<T> {
  const { clock, timeout, signal, timedOut } = limit
  signal?.throwIfAborted()
  const controller = new AbortController()
  const { promise: givenUp, reject } = Promise.withResolvers<never>()
  const giveUp = (reason: unknown): void => {
    controller.abort(reason)
    reject(reason)
  }
  const onAbort = (): void => giveUp(signal?.reason)
  const timer = timeout === undefined ? undefined : clock.setTimeout(() => giveUp(timedOut()), timeout)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work(controller.signal), givenUp])
  } finally {
    timer?.cancel()
    signal?.removeEventListener('abort', onAbort)
  }
}
