import { setTimeout as sleep } from 'node:timers/promises'
import type { Closing } from './closing.ts'
import type { Answer, Transport } from './transport.ts'

/** What a delivery goes by. Durations are in milliseconds. */
export interface DeliveryParts {
  readonly transport: Transport
  readonly closing: Closing
  /** How long one attempt may take. */
  readonly timeout: number
  /** For how long something is tried again. */
  readonly patience: number
  /** Told of each attempt that failed and will be repeated. */
  readonly onFailing: (failed: { readonly attempt: number; readonly reason: string }) => void
}

/** How a delivery ended. */
export type Delivered = Exclude<Answer, { readonly outcome: 'later' }> | { readonly outcome: 'given_up'; readonly reason: string }

const firstPause = 1_000
const longestPause = 30_000
/** Between attempts at the end, when there is little time. */
const hurriedPause = 250

/** Sends requests until they are taken: again after growing pauses, and never before the collector wants to be asked again. */
export class Delivery {
  readonly #parts: DeliveryParts
  /** When the collector wants to be asked again, on the clock of `performance`. */
  #notBefore = 0

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  /** Sends a request. Never rejects. */
  async deliver(body: Uint8Array): Promise<Delivered> {
    const { transport, closing, timeout, patience, onFailing } = this.#parts
    const until = performance.now() + patience
    await this.#pause(Math.min(this.#notBefore, until) - performance.now())
    if (this.#notBefore > until && !closing.hurry.aborted) return { outcome: 'given_up', reason: 'it wants to be left alone for longer' }
    let reason: string | undefined
    for (let attempt = 1; ; attempt++) {
      const answer = await transport.send(body, AbortSignal.any([closing.end, AbortSignal.timeout(timeout)]))
      if (answer.outcome !== 'later') return answer
      const { after } = answer
      // That an attempt was ended for the end's sake says nothing about the collector.
      reason = closing.end.aborted ? (reason ?? answer.reason) : answer.reason
      const now = performance.now()
      if (after !== undefined) this.#notBefore = now + after
      if (closing.end.aborted || now >= until) return { outcome: 'given_up', reason }
      onFailing({ attempt, reason })
      const pause = after ?? pauseAfter(attempt, closing.hurry.aborted)
      // Not read from the clock after the pause, because timers fire up to a millisecond early.
      const isOver = now + pause >= until
      await this.#pause(Math.min(pause, until - now))
      if (closing.end.aborted || (isOver && !closing.hurry.aborted)) return { outcome: 'given_up', reason }
    }
  }

  /** Waits, but not beyond the beginning of the end, and then not beyond the end itself. */
  async #pause(time: number): Promise<void> {
    if (time <= 0) return
    const { hurry, end } = this.#parts.closing
    // Nobody's process goes on for a pause alone; at the end the exporter's own time limit keeps it.
    await sleep(time, undefined, { signal: hurry.aborted ? end : hurry, ref: false }).catch(() => undefined)
  }
}

/** Half of a pause is random, so that processes that lost the same collector do not come back all at once. */
function pauseAfter(attempt: number, hurried: boolean): number {
  if (hurried) return hurriedPause
  return Math.min(longestPause, firstPause * 2 ** Math.min(attempt - 1, 16)) * (0.5 + Math.random() / 2)
}
