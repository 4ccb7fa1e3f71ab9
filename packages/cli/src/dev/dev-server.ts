import cluster, { type Worker } from 'node:cluster'
import { fileURLToPath } from 'node:url'
import type { Entry } from './main-file.ts'

/** Between telling a process to end and ending it, in milliseconds. */
const patience = 10_000

/** What is told while an application is served. */
export interface DevEvents {
  /** A process takes requests; `took` is how long that was from being asked for, in milliseconds. */
  ready(took: number): void
  /** A new process has not come to take requests. `served` is whether an older one does. */
  failed(served: boolean): void
}

/** How an application is served. */
export interface DevOptions {
  readonly entry: Entry
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly events: DevEvents
}

/**
 * Serves an application by one process after the other. This process owns the port: an old one goes on until a new one takes requests, and
 * where that does not come to it the old one stays. While nothing changes, the next process stands by, with Tutti loaded.
 */
export class DevServer {
  readonly #options: DevOptions
  readonly #alive = new Set<Worker>()
  #serving: Worker | undefined
  #starting: Worker | undefined
  #standby: Worker | undefined
  #stopping = false

  constructor(options: DevOptions) {
    this.#options = options
    const exec = fileURLToPath(new URL('bin/dev-process.mjs', import.meta.resolve('@tutti/cli/package.json')))
    cluster.setupPrimary({ exec, args: [], cwd: options.cwd })
  }

  /**
   * Has a process serve the sources as they are now; one that has not come to take requests is given up. `afresh` where what stands by may
   * have loaded what has changed.
   */
  renew({ afresh = false } = {}): void {
    if (this.#stopping) return
    const asked = performance.now()
    this.#starting?.process.kill('SIGKILL')
    if (afresh) this.#standby?.process.kill('SIGKILL')
    const worker = (afresh ? undefined : this.#standby) ?? this.#fork()
    this.#standby = undefined
    this.#starting = worker
    worker.once('listening', () => {
      if (this.#starting !== worker) return
      const old = this.#serving
      this.#starting = undefined
      this.#serving = worker
      this.#options.events.ready(performance.now() - asked)
      if (old !== undefined) this.#end(old)
      this.#standby ??= this.#fork()
    })
    worker.send(this.#options.entry)
  }

  /** Ends all processes. */
  async stop(): Promise<void> {
    this.#stopping = true
    const all = [...this.#alive]
    await Promise.all(
      all.map((worker) => {
        const ended = new Promise((resolve) => worker.once('exit', resolve))
        this.#end(worker)
        return ended
      }),
    )
  }

  #fork(): Worker {
    const worker = cluster.fork(this.#options.env)
    this.#alive.add(worker)
    worker.on('error', () => {})
    worker.once('exit', () => this.#ended(worker))
    return worker
  }

  #ended(worker: Worker): void {
    this.#alive.delete(worker)
    const wasStarting = this.#starting === worker
    const wasServing = this.#serving === worker
    if (wasStarting) this.#starting = undefined
    if (wasServing) this.#serving = undefined
    if (this.#standby === worker) this.#standby = undefined
    if ((wasStarting || wasServing) && !this.#stopping) this.#options.events.failed(this.#serving !== undefined)
  }

  #end(worker: Worker): void {
    worker.process.kill('SIGTERM')
    const timer = setTimeout(() => worker.process.kill('SIGKILL'), patience)
    worker.once('exit', () => clearTimeout(timer))
  }
}
