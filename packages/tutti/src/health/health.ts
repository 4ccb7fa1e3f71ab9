import type { Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Check } from './check.ts'
import type { CheckResult, HealthReport, HealthStatus } from './report.ts'

/** What the health of an application is judged with. */
export interface HealthParts {
  readonly checks: readonly Check[]
  readonly clock: Clock
  readonly log: Logger
}

/** Where the application is in its life. */
export type Phase = 'starting' | 'running' | 'stopping'

/** Makes the checks of an application, none of them more often than its results are good for. */
export class Health {
  readonly #checks: readonly MadeCheck[]

  constructor({ checks, clock, log }: HealthParts) {
    this.#checks = checks.map((check) => new MadeCheck(check, clock, log))
  }

  /** Makes all checks at once. An application that starts or stops fails, whatever its checks say. */
  async report(phase: Phase = 'running'): Promise<HealthReport> {
    const results = await Promise.all(this.#checks.map(async (check) => [check.name, [await check.result()]] as const))
    const statuses = results.flatMap(([, [{ status }]]) => status)
    const status = phase === 'running' ? worst(statuses) : 'fail'
    const output = phase === 'running' ? {} : { output: `The application is ${phase}.` }
    return { status, ...output, checks: Object.fromEntries(results) }
  }
}

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  if (statuses.includes('fail')) return 'fail'
  return statuses.includes('warn') ? 'warn' : 'pass'
}

/** A check with its latest result. */
class MadeCheck {
  readonly #check: Check
  readonly #clock: Clock
  readonly #log: Logger
  #latest: { readonly result: CheckResult; readonly at: number } | undefined
  #running: Promise<CheckResult> | undefined

  constructor(check: Check, clock: Clock, log: Logger) {
    this.#check = check
    this.#clock = clock
    this.#log = log
  }

  get name(): string {
    return this.#check.name
  }

  /** The latest result, or a new one where that is too old. */
  async result(): Promise<CheckResult> {
    const latest = this.#latest
    if (latest !== undefined && this.#clock.monotonic() - latest.at < this.#check.cache) return latest.result
    this.#running ??= this.#make().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #make(): Promise<CheckResult> {
    const { name, work, critical, timeout } = this.#check
    const began = this.#clock.monotonic()
    const controller = new AbortController()
    const late = Promise.withResolvers<never>()
    const timer = this.#clock.setTimeout(() => {
      const error = new Error(`It did not answer within ${timeout} ms.`)
      controller.abort(error)
      late.reject(error)
    }, timeout)
    let outcome: Pick<CheckResult, 'status' | 'output' | 'details'>
    try {
      const details = await Promise.race([(async () => work(controller.signal))(), late.promise])
      outcome = details === undefined ? { status: 'pass' } : { status: 'pass', details }
    } catch (error) {
      outcome = { status: critical ? 'fail' : 'warn', output: error instanceof Error ? error.message : String(error) }
      if (this.#latest?.result.status !== outcome.status) this.#log.warn(`The health check ${name} fails.`, { error })
    } finally {
      timer.cancel()
    }
    if (outcome.status === 'pass' && this.#latest !== undefined && this.#latest.result.status !== 'pass')
      this.#log.info(`The health check ${name} passes again.`)
    const at = this.#clock.monotonic()
    const time = new Date(this.#clock.now()).toISOString()
    const result: CheckResult = { ...outcome, time, observedValue: Math.round((at - began) * 10) / 10, observedUnit: 'ms' }
    this.#latest = { result, at }
    return result
  }
}
