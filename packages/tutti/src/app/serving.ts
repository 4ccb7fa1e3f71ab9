import { HttpApplication, NodeEngine, type Address, type Engine } from '../http/index.ts'
import { milliseconds, systemClock, TuttiError, type LifecycleHook } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { metricsListener } from './metrics.ts'
import { resolveHost, resolvePort, type AppOptions } from './options.ts'
import { stopOnSignals } from './signals.ts'
import type { supervise, Workers } from './workers.ts'

/** How long somebody who reads metrics may take when the application stops, in milliseconds. */
const metricsDrain = 1000

/** The application that is served. */
export interface Served {
  readonly name: string
  readonly log: Logger
  /** Starts everything, with the server as the last hook. */
  start(server: LifecycleHook): Promise<unknown>
  stop(options: { readonly grace: number }): Promise<void>
  /** What answers requests, once everything that may add to it has been set up. */
  compiled(): HttpApplication
}

/** How an application is reached over sockets: by a server in this process, or by worker processes. */
export class Serving {
  readonly #served: Served
  readonly #options: AppOptions
  readonly #drainTimeout: number
  #address: Address | undefined
  #engine: Engine | undefined
  #metrics: Engine | undefined
  #workers: Workers | undefined
  #grace = 0
  #releaseSignals: (() => void) | undefined

  constructor(served: Served, options: AppOptions) {
    this.#served = served
    this.#options = options
    this.#drainTimeout = milliseconds(options.drainTimeout ?? '30s')
  }

  /** Where the application listens; `undefined` before and afterwards. */
  get address(): Address | undefined {
    return this.#address
  }

  /** Whether worker processes serve in place of this one. */
  get isSupervising(): boolean {
    return this.#workers !== undefined
  }

  async listen(port: number | undefined, host: string | undefined): Promise<Address> {
    const where = { port: resolvePort(port ?? this.#options.http?.port), host: resolveHost(host ?? this.#options.http?.host) }
    const { workers = 0 } = this.#options
    const pool = workers === 0 ? undefined : await import('./workers.ts')
    if (pool === undefined) {
      const address = await this.#serve(where)
      this.#served.log.info(`${this.#served.name} listens on ${address.url}`)
      return address
    }
    if (!pool.isWorker()) return this.#supervise(pool.supervise, workers)
    const { reportFailure, reportReady } = await import('./worker.ts')
    const address = await this.#serve(where).catch(reportFailure)
    reportReady(address)
    return address
  }

  /** Says how the server stops, which the application's lifecycle has it do, and stops worker processes. */
  async stop(grace: number): Promise<void> {
    this.#releaseSignals?.()
    this.#grace = grace
    const { health } = this.#options
    // Somebody at a terminal is not kept waiting.
    if (grace > 0 && this.#engine !== undefined && typeof health === 'object' && health.drainDelay !== undefined)
      await systemClock.sleep(milliseconds(health.drainDelay))
    await this.#workers?.stop({ grace })
  }

  async reloadCertificates(): Promise<void> {
    await this.#engine?.reloadCertificates()
  }

  async restartWorkers(): Promise<void> {
    await this.#workers?.restart()
  }

  async #serve(where: { readonly port: number; readonly host: string | undefined }): Promise<Address> {
    const server: LifecycleHook = {
      name: 'http server',
      start: async () => {
        this.#engine = new NodeEngine(this.#served.compiled(), this.#options.http)
        await this.#serveMetrics()
        this.#address = await this.#engine.listen(where)
      },
      stop: async () => {
        this.#address = undefined
        const cut = (await this.#engine?.close({ timeout: this.#drainTimeout, grace: this.#grace })) ?? 0
        await this.#metrics?.close({ timeout: metricsDrain, grace: 0 })
        if (cut > 0)
          throw new TuttiError(
            'TUTTI_DRAIN_TIMEOUT',
            `${cut} connections were cut off: what ran on them had not ended after the drain time of ${this.#drainTimeout} ms.`,
          )
      },
    }
    await this.#served.start(server).catch((error: unknown) => {
      // That the server is one of the hooks says nothing to anybody who wants to know why it does not listen.
      throw error instanceof TuttiError && error.details['hook'] === server.name && error.cause instanceof TuttiError ? error.cause : error
    })
    const address = this.#address as Address | undefined
    if (address === undefined) throw new TuttiError('TUTTI_START_FAILED', 'The application was stopped while it started.')
    this.#releaseSignals = stopOnSignals(this.#served)
    return address
  }

  /** Metrics on a port of their own, where that is wanted: also while requests are drained. */
  async #serveMetrics(): Promise<void> {
    const listener = metricsListener(this.#options.telemetry)
    if (listener === undefined) return
    const { services } = this.#served.compiled()
    this.#metrics = new NodeEngine(new HttpApplication({ routes: [listener.page], middleware: [], errorMappers: [] }, services))
    const { url } = await this.#metrics.listen(listener)
    this.#served.log.info(`Metrics are at ${url}${listener.page.path}`)
  }

  async #supervise(start: typeof supervise, count: number | 'auto'): Promise<Address> {
    const { log, name } = this.#served
    const { workers, address, release } = await start({ count, drainTimeout: this.#drainTimeout, log })
    this.#workers = workers
    this.#address = address
    this.#releaseSignals = release
    log.info(`${name} listens on ${address.url} with ${workers.pids.length} workers`)
    return address
  }
}
