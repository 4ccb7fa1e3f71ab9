import {
  openHealth,
  resolveCheck,
  type Check,
  type CheckOptions,
  type CheckWork,
  type Health,
  type HealthReport,
  type Phase,
} from '../health/index.ts'
import { HttpHeaders, HttpResponse, type Route } from '../http/index.ts'
import { OptionError, type Clock, type Duration } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'

/** How the application tells how it is. */
export interface HealthOptions {
  /** Below which the probes are: `/health`, `/health/live`, `/health/ready`, `/health/startup`. @default '/health' */
  readonly path?: string
  /** Whether `/health` tells what checks found and what is wrong. @default true outside production, false in production */
  readonly details?: boolean
  /**
   * How long the application goes on taking requests after SIGTERM while `/health/ready` already fails, so that load balancers send it no
   * more: as long as theirs take to notice. @default 0
   */
  readonly drainDelay?: Duration
}

/** What probes need of the application. */
export interface ProbesParts {
  readonly options: boolean | HealthOptions | undefined
  readonly clock: () => Clock
  readonly log: Logger
  readonly phase: () => Phase
}

/** Answers the probes of orchestrators, outside of the application's middleware. */
export class Probes {
  readonly #parts: ProbesParts
  readonly #checks = new Map<string, Check>()
  #health: Promise<Health> | undefined

  constructor(parts: ProbesParts) {
    this.#parts = parts
  }

  /** Adds a check. Throws `TUTTI_OPTION_INVALID` for a name that is taken. */
  add(name: string, work: CheckWork, options?: CheckOptions): void {
    if (this.#checks.has(name))
      throw new OptionError(`Two health checks are called ${JSON.stringify(name)}; give one of them another name.`)
    this.#checks.set(name, resolveCheck(name, work, options))
  }

  async report(): Promise<HealthReport> {
    const { clock, log, phase } = this.#parts
    this.#health ??= openHealth({ checks: [...this.#checks.values()], clock: clock(), log })
    return (await this.#health).report(phase())
  }

  /** The routes, except those whose paths the application answers itself. */
  routes(others: readonly Route[]): Route[] {
    const { options, phase } = this.#parts
    if (options === false) return []
    const { path = '/health', details = process.env['NODE_ENV'] !== 'production' } = typeof options === 'object' ? options : {}
    const taken = new Set(others.flatMap((route) => (route.method === 'GET' || route.method === 'ALL' ? [route.path] : [])))
    const routes = [
      probe(path, async () => (details ? this.report() : withoutDetails(await this.report()))),
      probe(`${path}/live`, async () => ({ status: 'pass', checks: {} })),
      probe(`${path}/ready`, async () => withoutDetails(await this.report())),
      probe(`${path}/startup`, async () => ({ status: phase() === 'starting' ? 'fail' : 'pass', checks: {} })),
    ]
    return routes.filter((route) => !taken.has(route.path))
  }
}

/** Strangers learn which parts there are and whether they work, and no more. */
function withoutDetails({ status, output, checks }: HealthReport): HealthReport {
  const shown = Object.entries(checks).map(([name, results]) => [
    name,
    results.map(({ status, time, observedValue, observedUnit }) => ({ status, time, observedValue, observedUnit })),
  ])
  return { status, ...(output !== undefined && { output }), checks: Object.fromEntries(shown) }
}

function probe(path: string, report: () => Promise<HealthReport>): Route {
  const handler = async (): Promise<HttpResponse> => {
    const found = await report()
    const headers = new HttpHeaders(['content-type', 'application/health+json', 'cache-control', 'no-store'])
    return new HttpResponse(found.status === 'fail' ? 503 : 200, headers, JSON.stringify(found))
  }
  return { method: 'GET', path, options: { hidden: true, summary: 'Health' }, middleware: [], handler, outside: true }
}
