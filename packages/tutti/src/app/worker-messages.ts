import { errorCodes, TuttiError, type ErrorCode } from '../kernel/index.ts'
import type { Address } from '../http/index.ts'
import type { MetricSnapshot } from '../observe/index.ts'

/** What a worker tells the process that supervises it. */
export type WorkerReport =
  | { readonly tutti: 'ready'; readonly address: Address }
  | { readonly tutti: 'failed'; readonly code: ErrorCode; readonly message: string; readonly stack: string }
  /** It wants to know the metrics of all workers. */
  | MetricsQuestion
  /** Its own metrics, as it was asked for them. */
  | MetricsAnswer

/** What the supervising process tells a worker. */
export type WorkerOrder =
  /** `grace`: how long idle connections may still send a request, in milliseconds. */
  | { readonly tutti: 'stop'; readonly grace: number }
  /** It is to tell its own metrics. */
  | MetricsQuestion
  /** The metrics of all workers, as it asked for them. */
  | MetricsAnswer

/** Asks for metrics; the answer has the same number. */
export interface MetricsQuestion {
  readonly tutti: 'measure'
  readonly id: number
}

/** Metrics that were asked for. */
export interface MetricsAnswer {
  readonly tutti: 'measured'
  readonly id: number
  readonly metrics: readonly MetricSnapshot[]
}

const reports: ReadonlySet<unknown> = new Set<WorkerReport['tutti']>(['ready', 'failed', 'measure', 'measured'])
const orders: ReadonlySet<unknown> = new Set<WorkerOrder['tutti']>(['stop', 'measure', 'measured'])

/** Whether something that came from a worker is a report; applications may send messages of their own. */
export function isReport(message: unknown): message is WorkerReport {
  return typeof message === 'object' && message !== null && 'tutti' in message && reports.has(message.tutti)
}

/** Whether something that came to a worker is an order. */
export function isOrder(message: unknown): message is WorkerOrder {
  return typeof message === 'object' && message !== null && 'tutti' in message && orders.has(message.tutti)
}

/** The error of a worker that could not start, as it is thrown in the supervising process. */
export function reportedError({ code, message, stack }: Extract<WorkerReport, { readonly tutti: 'failed' }>): TuttiError {
  const cause = new Error('in a worker process')
  cause.stack = stack
  return new TuttiError(code in errorCodes ? code : 'TUTTI_WORKER_FAILED', message, { cause })
}
