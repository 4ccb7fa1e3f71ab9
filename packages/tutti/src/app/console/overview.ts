import { systemClock } from '../../kernel/index.ts'
import type { ProjectionStatus } from '../../projections/index.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import type { ConsoleOverview } from './contract.ts'
import type { Feed } from './feeds.ts'
import { Kept, poll } from './polling.ts'
import { Readings } from './readings.ts'

/** How long it goes on measuring when nobody looks, in milliseconds: a page that is loaded again has its curves. */
const patience = 60_000

/** How the application is at a glance, measured every second while somebody looks. */
export class Overview {
  readonly #parts: OpenConsoleParts
  readonly #readings = new Readings()
  readonly #projections: Kept<readonly ProjectionStatus[]>
  readonly #runs: Kept<ConsoleOverview['runs']>
  readonly #deadLetters: Kept<number>
  readonly #loop = process.getBuiltinModule('node:perf_hooks').monitorEventLoopDelay({ resolution: 20 })
  readonly #tells = new Set<(overview: ConsoleOverview) => void>()
  #measuring: Disposable | undefined
  #lookedAt = 0
  #head = 0

  constructor(parts: OpenConsoleParts) {
    this.#parts = parts
    const { readModels, runs } = parts.backend
    this.#projections = new Kept(2000, async () => (readModels.isUsed ? readModels.projector.status() : []))
    this.#runs = new Kept(3000, async () => (runs.isUsed ? runs.engine.count() : {}))
    this.#deadLetters = new Kept(5000, async () => (await parts.backend.deadLetters.list()).length)
    parts.ended.addEventListener('abort', () => this.#end())
  }

  /** Tells it every second. */
  get feed(): Feed {
    return (tell) => {
      this.#tells.add(tell)
      this.#look()
      return { [Symbol.dispose]: () => this.#tells.delete(tell) }
    }
  }

  async read(): Promise<ConsoleOverview> {
    this.#look()
    if (this.#readings.isEmpty) await this.#measure()
    return this.#overview()
  }

  #look(): void {
    this.#lookedAt = systemClock.monotonic()
    if (this.#measuring !== undefined || this.#parts.ended.aborted) return
    this.#loop.enable()
    this.#measuring = poll({ every: 1000, log: this.#parts.log, work: () => this.#tick() })
  }

  #end(): void {
    this.#measuring?.[Symbol.dispose]()
    this.#measuring = undefined
    this.#loop.disable()
  }

  async #tick(): Promise<void> {
    await this.#measure()
    if (this.#tells.size > 0) {
      this.#lookedAt = systemClock.monotonic()
      const overview = await this.#overview()
      for (const tell of this.#tells) tell(overview)
    } else if (systemClock.monotonic() - this.#lookedAt > patience) this.#end()
  }

  async #measure(): Promise<void> {
    const { backend, telemetry } = this.#parts
    const { worst } = worstOf(await this.#projections.get())
    this.#head = (await backend.stores.opened?.events.head()) ?? 0
    this.#readings.add(telemetry.source.metrics(), { at: systemClock.monotonic(), head: this.#head, lag: worst?.lag.events ?? 0 })
  }

  async #overview(): Promise<ConsoleOverview> {
    const [health, projections, runs, deadLetters] = await Promise.all([
      this.#parts.health(),
      this.#projections.get(),
      this.#runs.get(),
      this.#deadLetters.get(),
    ])
    const { http, commands, eventRate, cpu, history } = this.#readings.rates()
    const { worst, stopped } = worstOf(projections)
    return {
      time: new Date(this.#parts.clock().now()).toISOString(),
      health,
      http,
      commands,
      events: { rate: eventRate, head: this.#head },
      projections: { worst: worst?.name, lag: worst?.lag.events ?? 0, stopped },
      runs,
      deadLetters,
      process: {
        memory: process.memoryUsage.rss(),
        cpu,
        loopDelay: Number.isFinite(this.#loop.percentile(99)) ? this.#loop.percentile(99) / 1e6 : 0,
        uptime: process.uptime(),
      },
      history,
    }
  }
}

function worstOf(projections: readonly ProjectionStatus[]): { readonly worst: ProjectionStatus | undefined; readonly stopped: number } {
  const [worst] = projections.filter(({ lag }) => lag.events > 0).toSorted((a, b) => b.lag.events - a.lag.events)
  return { worst, stopped: projections.filter(({ state }) => state === 'stopped').length }
}
