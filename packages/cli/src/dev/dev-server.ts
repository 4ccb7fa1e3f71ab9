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
 * where that does not come to it the old one stays.
 */
export class DevServer {
  readonly #options: DevOptions
  readonly #alive = new Set<Worker>()
  #serving: Worker | undefined
  #starting: Worker | undefined
  #stopping = false

  constructor(options: DevOptions) {
    this.#options = options
    const { entry } = options
    const exec = fileURLToPath(new URL('bin/dev-process.mjs', import.meta.resolve('@tutti/cli/package.json')))
    cluster.setupPrimary({ exec, args: [JSON.stringify(entry)], cwd: options.cwd })
  }

  /** Starts a process with the sources as they are now. One that has not come to take requests is given up. */
  renew(): void {
    if (this.#stopping) return
    const asked = performance.now()
    this.#starting?.process.kill('SIGKILL')
    const worker = cluster.fork(this.#options.env)
    this.#starting = worker
    this.#alive.add(worker)
    worker.on('error', () => {})
    worker.once('listening', () => {
      if (this.#starting !== worker) return
      const old = this.#serving
      this.#starting = undefined
      this.#serving = worker
      this.#options.events.ready(performance.now() - asked)
      if (old !== undefined) this.#end(old)
    })
    worker.once('exit', () => this.#ended(worker))
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

  #ended(worker: Worker): void {
    this.#alive.delete(worker)
    const wasStarting = this.#starting === worker
    const wasServing = this.#serving === worker
    if (wasStarting) this.#starting = undefined
    if (wasServing) this.#serving = undefined
    if ((wasStarting || wasServing) && !this.#stopping) this.#options.events.failed(this.#serving !== undefined)
  }

  #end(worker: Worker): void {
    worker.process.kill('SIGTERM')
    const timer = setTimeout(() => worker.process.kill('SIGKILL'), patience)
    worker.once('exit', () => clearTimeout(timer))
  }
}
