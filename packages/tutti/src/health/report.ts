import type { CheckDetails } from './check.ts'

/** `pass`: all is well. `warn`: something that is not critical fails. `fail`: something critical does. */
export type HealthStatus = 'pass' | 'warn' | 'fail'

/** What one check found. */
export interface CheckResult {
  readonly status: HealthStatus
  /** When it was made, in ISO 8601. */
  readonly time: string
  /** How long it took, in `observedUnit`. */
  readonly observedValue: number
  readonly observedUnit: 'ms'
  /** What is wrong. */
  readonly output?: string
  readonly details?: CheckDetails
}

/** How an application is, in the shape of `application/health+json` (draft-inadarei-api-health-check-06). */
export interface HealthReport {
  readonly status: HealthStatus
  /** Why it takes no requests although its checks pass: it starts, or it stops. */
  readonly output?: string
  readonly checks: Readonly<Record<string, readonly CheckResult[]>>
}
