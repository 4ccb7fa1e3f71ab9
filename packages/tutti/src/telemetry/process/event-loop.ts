import type { EventLoopUtilization, monitorEventLoopDelay } from 'node:perf_hooks'

/** How often the loop is looked at, in milliseconds. */
const resolution = 10
/** Readers who come sooner after another see the same, so that none of them misses what the other one has seen; in milliseconds. */
const shortestPeriod = 5000

/** How late the event loop was over a period, in seconds, and how much of the time it was at work. */
export interface LoopReading {
  readonly delay: Readonly<Record<'min' | 'mean' | 'max' | 'p50' | 'p90' | 'p99', number>>
  /** From 0 to 1. */
  readonly utilization: number
}

/** Watches the event loop from its creation on. */
export class EventLoopWatch {
  readonly #monitor: ReturnType<typeof monitorEventLoopDelay>
  #from: EventLoopUtilization
  #since = performance.now()
  #latest: LoopReading | undefined

  constructor() {
    this.#monitor = process.getBuiltinModule('node:perf_hooks').monitorEventLoopDelay({ resolution })
    this.#monitor.enable()
    this.#from = performance.eventLoopUtilization()
  }

  /** What the last period was like. */
  read(): LoopReading {
    const now = performance.now()
    if (this.#latest !== undefined && now - this.#since < shortestPeriod) return this.#latest
    const total = performance.eventLoopUtilization()
    this.#latest = { delay: this.#delay(), utilization: performance.eventLoopUtilization(total, this.#from).utilization }
    this.#monitor.reset()
    this.#from = total
    this.#since = now
    return this.#latest
  }

  /** Seconds since the start of the process in which the loop was at work, and in which it waited. */
  times(): { readonly active: number; readonly idle: number } {
    const { active, idle } = performance.eventLoopUtilization()
    return { active: active / 1000, idle: idle / 1000 }
  }

  #delay(): LoopReading['delay'] {
    const monitor = this.#monitor
    if (monitor.count === 0) return { min: 0, mean: 0, max: 0, p50: 0, p90: 0, p99: 0 }
    return {
      min: late(monitor.min),
      mean: late(monitor.mean),
      max: late(monitor.max),
      p50: late(monitor.percentile(50)),
      p90: late(monitor.percentile(90)),
      p99: late(monitor.percentile(99)),
    }
  }
}

/** What is measured is the time between two looks, the wanted one included. */
function late(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - resolution / 1000)
}
