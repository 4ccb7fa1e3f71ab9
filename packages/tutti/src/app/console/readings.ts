import type { MetricSnapshot } from '../../observe/index.ts'
import { percentile } from '../../telemetry/index.ts'
import type { ConsoleOverview } from './contract.ts'
import { between, noTally, tallyOf, totalOf, type Tally } from './measured.ts'

/** What is read every second. */
interface Reading {
  /** Monotonic, in milliseconds. */
  readonly at: number
  readonly http: Tally
  readonly httpErrors: number
  readonly commands: Tally
  readonly rejected: number
  readonly failed: number
  readonly active: number
  readonly head: number
  readonly lag: number
  readonly memory: number
  readonly cpu: NodeJS.CpuUsage
}

/** What is known beside the metrics. */
export interface Surroundings {
  /** Monotonic, in milliseconds. */
  readonly at: number
  readonly head: number
  readonly lag: number
}

/** Readings that are kept: five minutes of them. */
const mostReadings = 300
/** Rates are those of the last minute. */
const minute = 60_000

/** The last minutes of what the process counts, by which rates are told. */
export class Readings {
  readonly #readings: Reading[] = []

  add(metrics: readonly MetricSnapshot[], { at, head, lag }: Surroundings): void {
    this.#readings.push({
      at,
      head,
      lag,
      http: tallyOf(metrics, 'http.server.request.duration'),
      httpErrors: tallyOf(metrics, 'http.server.request.duration', (labels) => 'error.type' in labels).count,
      commands: tallyOf(metrics, 'tutti.command.duration'),
      rejected: tallyOf(metrics, 'tutti.command.duration', ({ outcome }) => outcome === 'rejected').count,
      failed: tallyOf(metrics, 'tutti.command.duration', ({ outcome }) => outcome === 'failed').count,
      active: totalOf(metrics, 'http.server.active_requests'),
      memory: process.memoryUsage.rss(),
      cpu: process.cpuUsage(),
    })
    if (this.#readings.length > mostReadings) this.#readings.shift()
  }

  get isEmpty(): boolean {
    return this.#readings.length === 0
  }

  /** The last minute, or as much of it as is known. */
  rates(): Pick<ConsoleOverview, 'http' | 'commands' | 'history'> & { readonly eventRate: number; readonly cpu: number } {
    const last = this.#readings.at(-1)
    const first = this.#readings.find(({ at }) => last !== undefined && last.at - at <= minute) ?? last
    const seconds = Math.max(1, ((last?.at ?? 0) - (first?.at ?? 0)) / 1000)
    const http = between(first?.http ?? noTally, last?.http ?? noTally)
    const commands = between(first?.commands ?? noTally, last?.commands ?? noTally)
    const cpu = (last?.cpu.user ?? 0) + (last?.cpu.system ?? 0) - (first?.cpu.user ?? 0) - (first?.cpu.system ?? 0)
    return {
      http: {
        rate: http.count / seconds,
        errorRate: grown(first, last, 'httpErrors') / seconds,
        p50: milliseconds(http, 0.5),
        p99: milliseconds(http, 0.99),
        active: last?.active ?? 0,
      },
      commands: {
        rate: commands.count / seconds,
        rejected: grown(first, last, 'rejected') / seconds,
        failed: grown(first, last, 'failed') / seconds,
        p99: milliseconds(commands, 0.99),
      },
      eventRate: grown(first, last, 'head') / seconds,
      cpu: cpu / 1e6 / seconds,
      history: this.#history(),
    }
  }

  #history(): ConsoleOverview['history'] {
    const pairs = this.#readings.slice(1).map((later, i) => ({ earlier: this.#readings[i] ?? later, later }))
    const rate = (of: (reading: Reading) => number): number[] =>
      pairs.map(({ earlier, later }) => ((of(later) - of(earlier)) * 1000) / Math.max(1, later.at - earlier.at))
    return {
      httpRate: rate(({ http }) => http.count),
      httpErrors: rate(({ httpErrors }) => httpErrors),
      httpP99: pairs.map(({ earlier, later }) => milliseconds(between(earlier.http, later.http), 0.99)),
      eventRate: rate(({ head }) => head),
      lag: pairs.map(({ later }) => later.lag),
      memory: pairs.map(({ later }) => later.memory),
    }
  }
}

function grown(first: Reading | undefined, last: Reading | undefined, what: 'httpErrors' | 'rejected' | 'failed' | 'head'): number {
  return (last?.[what] ?? 0) - (first?.[what] ?? 0)
}

/** A percentile of seconds that were recorded, in milliseconds. */
function milliseconds({ buckets, counts }: Tally, share: number): number {
  return Math.round((percentile(buckets, counts, share) ?? 0) * 100_000) / 100
}
