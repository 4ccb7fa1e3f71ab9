import type { Worker } from 'node:cluster'
import type { Address } from '../http/index.ts'
import type { TuttiError } from '../kernel/index.ts'
import { isReport, reportedError, type WorkerOrder } from './worker-messages.ts'

/** How a worker process ended. */
export interface WorkerEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not start, where it said so. */
  readonly failure: TuttiError | undefined
  /** How long it had been running, in milliseconds. */
  readonly lifetime: number
}

/** One worker process, from its fork to its end. */
export class WorkerProcess {
  readonly pid: number
  /** Its address once it takes requests; `undefined` where it ends before that. */
  readonly ready: Promise<Address | undefined>
  readonly ended: Promise<WorkerEnd>
  readonly #worker: Worker
  #isReady = false

  constructor(worker: Worker) {
    this.#worker = worker
    this.pid = worker.process.pid ?? 0
    const born = performance.now()
    const ready = Promise.withResolvers<Address | undefined>()
    const ended = Promise.withResolvers<WorkerEnd>()
    let failure: TuttiError | undefined
    worker.on('message', (message: unknown) => {
      if (!isReport(message)) return
      if (message.tutti === 'failed') failure = reportedError(message)
      else {
        this.#isReady = true
        ready.resolve(message.address)
      }
    })
    worker.on('error', () => {})
    worker.on('exit', (code: number | null, signal: string | null) => {
      this.#isReady = false
      ready.resolve(undefined)
      ended.resolve({ code, signal, failure, lifetime: performance.now() - born })
    })
    this.ready = ready.promise
    this.ended = ended.promise
  }

  /** Whether it takes requests. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** Tells it to finish what runs and end; kills it after `limit` milliseconds. Resolves with its end. */
  async stop(grace: number, limit: number): Promise<WorkerEnd> {
    const order: WorkerOrder = { tutti: 'stop', grace }
    // While it still starts nobody listens there for orders.
    if (this.#isReady) this.#worker.send(order)
    else this.#worker.process.kill('SIGTERM')
    const timer = setTimeout(() => this.kill(), limit)
    const end = await this.ended
    clearTimeout(timer)
    return end
  }

  /** Ends it at once. */
  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }
}
