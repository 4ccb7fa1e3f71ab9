import type { Worker } from 'node:cluster'
import type { Address } from '../http/index.ts'
import type { TuttiError } from '../kernel/index.ts'
import type { MetricSnapshot } from '../observe/index.ts'
import { isReport, reportedError, type WorkerOrder } from './worker-messages.ts'
import { Questions } from './worker-questions.ts'

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
  readonly #questions: Questions
  #isReady = false
  #hasEnded = false

  /** `measure` gives the metrics of all workers, for which each of them may ask. */
  constructor(worker: Worker, measure: () => Promise<readonly MetricSnapshot[]>) {
    this.#worker = worker
    this.#questions = new Questions((question) => this.#tell(question))
    this.pid = worker.process.pid ?? 0
    const born = performance.now()
    const ready = Promise.withResolvers<Address | undefined>()
    const ended = Promise.withResolvers<WorkerEnd>()
    let failure: TuttiError | undefined
    worker.on('message', (message: unknown) => {
      if (!isReport(message)) return
      if (message.tutti === 'failed') failure = reportedError(message)
      else if (message.tutti === 'measured') this.#questions.answer(message)
      else if (message.tutti === 'measure') void measure().then((metrics) => this.#tell({ tutti: 'measured', id: message.id, metrics }))
      else {
        this.#isReady = true
        ready.resolve(message.address)
      }
    })
    worker.on('error', () => {})
    worker.on('exit', (code: number | null, signal: string | null) => {
      this.#isReady = false
      this.#hasEnded = true
      this.#questions.giveUp()
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

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** What it has measured; `undefined` where it does not tell within `patience` milliseconds, or is no more. */
  async metrics(patience: number): Promise<readonly MetricSnapshot[] | undefined> {
    return this.#isReady ? this.#questions.ask(patience) : undefined
  }

  /** Tells it to finish what runs and end; kills it after `limit` milliseconds. Resolves with its end. */
  async stop(grace: number, limit: number): Promise<WorkerEnd> {
    // While it still starts nobody listens there for orders.
    if (this.#isReady) this.#tell({ tutti: 'stop', grace })
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

  #tell(order: WorkerOrder): void {
    // One that is about to end hears nothing more, and nothing is to be done about that.
    this.#worker.send(order, () => {})
  }
}
