import { TuttiError } from '../kernel/index.ts'
import type { Address } from '../http/index.ts'
import type { Logger } from '../observe/index.ts'
import { stopOnSignals } from './signals.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import { WorkerProcess, type WorkerEnd } from './worker-process.ts'

/** How many worker processes serve: a number, or `'auto'` for as many as the machine can run at a time. */
export type WorkerCount = number | 'auto'

/** A worker that ends sooner than this has not got over its start, in milliseconds. */
const settledAfter = 5000
/** The wait before a worker is replaced, which doubles with each that ends early, in milliseconds. */
const backoff = { first: 100, most: 30_000 }
/** So many early ends in a row, and none that runs, mean that it is of no use. */
const mostEarlyEnds = 5
/** How long idle connections of a worker that is replaced may still send a request, in milliseconds. */
const restartGrace = 500
/** How much longer than its drain time a worker may take to end, for its hooks, in milliseconds. */
const hookTime = 10_000

/** Whether this process is one of the workers. */
export function isWorker(): boolean {
  return process.getBuiltinModule('node:cluster').isWorker
}

/** Starts workers in place of serving in this process: they stop, and are renewed, by signals. Resolves when all take requests. */
export async function supervise(
  options: Omit<WorkersOptions, 'onHopeless'>,
): Promise<{ readonly workers: Workers; readonly address: Address; readonly release: () => void }> {
  const { log } = options
  const workers = new Workers({
    ...options,
    onHopeless: (error) => {
      log.fatal(error.message, { error })
      void log.flush().then(() => process.exit(1))
    },
  })
  const forget = stopOnSignals({ log, stop: (how) => workers.stop(how), kill: () => workers.kill() })
  const onRenew = (signal: NodeJS.Signals): void => {
    log.info(`${signal}: renewing all workers one by one.`)
    workers
      .restart()
      .catch((error: unknown) => log.error('The workers were not all renewed: a new one did not start. The old ones go on.', { error }))
  }
  for (const signal of renewals) process.on(signal, onRenew)
  const release = (): void => {
    forget()
    for (const signal of renewals) process.off(signal, onRenew)
  }
  try {
    return { workers, address: await workers.start(), release }
  } catch (error) {
    release()
    throw error
  }
}

const renewals = ['SIGHUP', 'SIGUSR2'] as const

export interface WorkersOptions {
  readonly count: WorkerCount
  /** How long requests of a worker that is told to stop may take, in milliseconds. */
  readonly drainTimeout: number
  readonly log: Logger
  /** Called where all workers keep ending, and it makes no sense to go on. */
  readonly onHopeless: (error: TuttiError) => void
}

/** Keeps worker processes running: starts them, replaces dead ones, renews all of them one by one, and stops them. */
export class Workers {
  readonly #options: WorkersOptions
  readonly #slots: (WorkerProcess | undefined)[]
  readonly #metrics = new WorkerMetrics(() => this.#slots)
  readonly #timers = new Set<NodeJS.Timeout>()
  #earlyEnds = 0
  #stopping = false
  #restarting: Promise<void> | undefined

  constructor(options: WorkersOptions) {
    this.#options = options
    const count = options.count === 'auto' ? process.getBuiltinModule('node:os').availableParallelism() : options.count
    this.#slots = Array.from({ length: count }, () => undefined)
  }

  /** The workers that take requests. */
  get pids(): number[] {
    return this.#slots.flatMap((worker) => (worker?.isReady === true ? [worker.pid] : []))
  }

  /** Starts all. Rejects with what a worker said, or with `TUTTI_WORKER_FAILED` where workers end again and again without a word. */
  async start(): Promise<Address> {
    // The first one alone: what is wrong with the start is said once.
    const address = await this.#startSlot(0)
    await Promise.all(this.#slots.flatMap((_, slot) => (slot === 0 ? [] : [this.#startSlot(slot)])))
    for (const [slot, worker] of this.#slots.entries()) if (worker !== undefined) this.#watch(slot, worker)
    return address
  }

  /**
   * Renews all workers one by one: the new one takes requests before the old one is told to stop. Where a new one does not start the rest
   * stays as it is, and the error of that worker is thrown.
   */
  restart(): Promise<void> {
    this.#restarting ??= this.#roll().finally(() => {
      this.#restarting = undefined
    })
    return this.#restarting
  }

  /** Stops all. Rejects with `TUTTI_STOP_FAILED` where one did not end well. */
  async stop({ grace }: { readonly grace: number }): Promise<void> {
    this.#stopping = true
    for (const timer of this.#timers) clearTimeout(timer)
    const ends = await Promise.all(this.#slots.map(async (worker) => worker?.stop(grace, this.#stopLimit)))
    const bad = ends.filter((end) => end !== undefined && end.code !== 0 && end.signal !== 'SIGTERM')
    if (bad.length > 0)
      throw new TuttiError('TUTTI_STOP_FAILED', `${bad.length} of ${ends.length} workers did not stop well; their logs say why.`)
  }

  /** Ends all at once. */
  kill(): void {
    this.#stopping = true
    for (const worker of this.#slots) worker?.kill()
  }

  get #stopLimit(): number {
    return this.#options.drainTimeout + hookTime
  }

  #fork(): WorkerProcess {
    return new WorkerProcess(process.getBuiltinModule('node:cluster').fork(), () => this.#metrics.collect())
  }

  async #startSlot(slot: number): Promise<Address> {
    for (let attempt = 1; ; attempt++) {
      const worker = this.#fork()
      this.#slots[slot] = worker
      const address = await worker.ready
      if (address !== undefined) return address
      const end = await worker.ended
      // Told to stop while it starts, the process ends soon: there is nothing to report.
      if (this.#stopping) return new Promise(() => {})
      if (end.failure !== undefined || attempt === mostEarlyEnds) {
        this.kill()
        throw end.failure ?? hopeless(end)
      }
      await new Promise((resolve) => this.#later(() => resolve(undefined), waitAfter(attempt)))
    }
  }

  #watch(slot: number, worker: WorkerProcess): void {
    void worker.ended.then((end) => {
      if (!this.#stopping && this.#slots[slot] === worker) this.#replace(slot, worker, end)
    })
  }

  #replace(slot: number, worker: WorkerProcess, end: WorkerEnd): void {
    this.#earlyEnds = end.lifetime < settledAfter ? this.#earlyEnds + 1 : 1
    const wait = waitAfter(this.#earlyEnds)
    this.#options.log.error(
      `Worker ${worker.pid} ${endText(end)}; another one takes its place in ${wait} ms.`,
      end.failure && { error: end.failure },
    )
    if (this.#earlyEnds >= mostEarlyEnds && this.pids.length === 0) {
      this.kill()
      this.#options.onHopeless(end.failure ?? hopeless(end))
      return
    }
    this.#later(() => {
      const next = this.#fork()
      this.#slots[slot] = next
      this.#watch(slot, next)
    }, wait)
  }

  async #roll(): Promise<void> {
    for (const slot of this.#slots.keys()) {
      const next = this.#fork()
      const old = this.#slots[slot]
      if ((await next.ready) === undefined) throw (await next.ended).failure ?? hopeless(await next.ended)
      if (this.#stopping) {
        next.kill()
        return
      }
      this.#slots[slot] = next
      this.#watch(slot, next)
      await old?.stop(restartGrace, this.#stopLimit)
    }
    this.#options.log.info('All workers have been renewed.')
  }

  #later(work: () => void, wait: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      work()
    }, wait)
    this.#timers.add(timer)
  }
}

function waitAfter(earlyEnds: number): number {
  return Math.min(backoff.first * 2 ** Math.min(earlyEnds - 1, 20), backoff.most)
}

function endText({ code, signal }: WorkerEnd): string {
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

function hopeless(end: WorkerEnd): TuttiError {
  return new TuttiError(
    'TUTTI_WORKER_FAILED',
    `Workers end as soon as they start: the last one ${endText(end)}. What it wrote before that says why.`,
  )
}
