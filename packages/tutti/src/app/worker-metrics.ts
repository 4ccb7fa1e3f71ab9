import type { MetricSnapshot } from '../observe/index.ts'
import type { WorkerProcess } from './worker-process.ts'

/** How long a worker may take to tell its metrics, in milliseconds: after that its latest ones count. */
const patience = 6000

/** Adds up what workers measure. What one that has ended had counted stays in the sums, or rates would leap whenever one is renewed. */
export class WorkerMetrics {
  readonly #workers: () => readonly (WorkerProcess | undefined)[]
  readonly #latest = new Map<WorkerProcess, readonly MetricSnapshot[]>()
  #ended: readonly MetricSnapshot[] = []
  #running: Promise<readonly MetricSnapshot[]> | undefined

  /** `workers` gives those that there are at the moment, each at its place. */
  constructor(workers: () => readonly (WorkerProcess | undefined)[]) {
    this.#workers = workers
  }

  /** The metrics of all workers together; who asks meanwhile gets the same. */
  collect(): Promise<readonly MetricSnapshot[]> {
    this.#running ??= this.#collect().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #collect(): Promise<readonly MetricSnapshot[]> {
    const { mergeMetrics, sumMetrics } = await import('../telemetry/index.ts')
    const workers = this.#workers()
    await Promise.all(workers.map((worker) => this.#ask(worker)))
    for (const [worker, metrics] of this.#latest) {
      if (!worker.hasEnded) continue
      this.#ended = sumMetrics([this.#ended, metrics])
      this.#latest.delete(worker)
    }
    const running = [...workers.entries()].flatMap(([place, worker]) => {
      const metrics = worker === undefined ? undefined : this.#latest.get(worker)
      return metrics === undefined ? [] : [{ worker: place, metrics }]
    })
    // One that makes place for another is in neither list while it still finishes what runs.
    const leaving = [...this.#latest].flatMap(([worker, metrics]) => (workers.includes(worker) ? [] : [metrics]))
    return mergeMetrics(running, sumMetrics([this.#ended, ...leaving]))
  }

  async #ask(worker: WorkerProcess | undefined): Promise<void> {
    const metrics = await worker?.metrics(patience)
    if (worker !== undefined && metrics !== undefined) this.#latest.set(worker, metrics)
  }
}
