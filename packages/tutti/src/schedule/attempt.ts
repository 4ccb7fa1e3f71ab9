import type { Clock, Duration } from '../kernel/index.ts'
import { ScheduleError, WorkAbortedError } from './errors.ts'

/** How an attempt ended. `ended`: whether the work itself did, or goes on although its signal has fired. */
export type AttemptEnd =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'aborted'; readonly by: WorkAbortedError; readonly ended: boolean }

/** How long work may go on after its signal has fired, before what comes next no longer waits for it. */
const endingTime: Duration = '5s'

/** One attempt to do some work, which can be ended early. What is done once its signal has fired does not count as done. */
export class Attempt {
  readonly #clock: Clock
  readonly #timeout: number
  readonly #controller = new AbortController()
  readonly #aborted = Promise.withResolvers<void>()

  constructor(clock: Clock, timeout: number) {
    this.#clock = clock
    this.#timeout = timeout
  }

  abort(reason: ScheduleError): void {
    this.#controller.abort(reason)
    this.#aborted.resolve()
  }

  async run(work: (signal: AbortSignal) => unknown): Promise<AttemptEnd> {
    const { signal } = this.#controller
    const timer = this.#clock.setTimeout(() => this.abort(tookTooLong(this.#timeout)), this.#timeout).unref()
    const done: Promise<AttemptEnd> = Promise.try(work, signal).then(
      () => ({ kind: 'succeeded' }),
      (error: unknown) => ({ kind: 'failed', error }),
    )
    const first = await Promise.race([done, this.#aborted.promise])
    timer.cancel()
    if (!signal.aborted && first !== undefined) return first
    const ended = await this.#within(done)
    const reason: unknown = signal.reason
    return reason instanceof WorkAbortedError ? { kind: 'aborted', by: reason, ended } : { kind: 'failed', error: reason }
  }

  async #within(done: Promise<unknown>): Promise<boolean> {
    const enough = new AbortController()
    const waited = this.#clock.sleep(endingTime, enough.signal).catch(() => undefined)
    const ended = await Promise.race([done.then(() => true), waited.then(() => false)])
    enough.abort()
    return ended
  }
}

function tookTooLong(timeout: number): ScheduleError {
  return new ScheduleError('TUTTI_TIMEOUT', `The attempt took longer than ${timeout} ms. Make it faster, or raise the timeout.`, {
    status: 504,
  })
}
