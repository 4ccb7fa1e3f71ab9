import type { MetricSnapshot } from '../observe/index.ts'
import type { MetricsAnswer, MetricsQuestion } from './worker-messages.ts'

/** Asks another process for metrics, and finds out which answer belongs to which question. */
export class Questions {
  readonly #send: (question: MetricsQuestion) => void
  readonly #open = new Map<number, (metrics: readonly MetricSnapshot[] | undefined) => void>()
  #count = 0

  constructor(send: (question: MetricsQuestion) => void) {
    this.#send = send
  }

  /** The metrics; `undefined` where there is no answer within `patience` milliseconds. */
  ask(patience: number): Promise<readonly MetricSnapshot[] | undefined> {
    const id = this.#count++
    return new Promise((resolve) => {
      const end = (metrics: readonly MetricSnapshot[] | undefined): void => {
        clearTimeout(timer)
        this.#open.delete(id)
        resolve(metrics)
      }
      const timer = setTimeout(() => end(undefined), patience)
      this.#open.set(id, end)
      this.#send({ tutti: 'measure', id })
    })
  }

  answer({ id, metrics }: MetricsAnswer): void {
    this.#open.get(id)?.(metrics)
  }

  /** Nobody is there any more who could answer. */
  giveUp(): void {
    for (const end of this.#open.values()) end(undefined)
  }
}
