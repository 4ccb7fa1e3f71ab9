import { errorCodes, TuttiError, type ErrorCode } from '../kernel/index.ts'
import type { Address } from '../http/index.ts'

/** What a worker tells the process that supervises it. */
export type WorkerReport =
  | { readonly tutti: 'ready'; readonly address: Address }
  | { readonly tutti: 'failed'; readonly code: ErrorCode; readonly message: string; readonly stack: string }

/** What the supervising process tells a worker. */
export interface WorkerOrder {
  readonly tutti: 'stop'
  /** How long idle connections may still send a request, in milliseconds. */
  readonly grace: number
}

/** Whether something that came from a worker is a report; applications may send messages of their own. */
export function isReport(message: unknown): message is WorkerReport {
  return typeof message === 'object' && message !== null && 'tutti' in message && (message.tutti === 'ready' || message.tutti === 'failed')
}

/** Whether something that came to a worker is an order. */
export function isOrder(message: unknown): message is WorkerOrder {
  return typeof message === 'object' && message !== null && 'tutti' in message && message.tutti === 'stop'
}

/** The error of a worker that could not start, as it is thrown in the supervising process. */
export function reportedError({ code, message, stack }: Extract<WorkerReport, { readonly tutti: 'failed' }>): TuttiError {
  const cause = new Error('in a worker process')
  cause.stack = stack
  return new TuttiError(code in errorCodes ? code : 'TUTTI_WORKER_FAILED', message, { cause })
}
