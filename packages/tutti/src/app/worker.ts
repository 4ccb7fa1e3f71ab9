import type { Address } from '../http/index.ts'
import type { MetricSnapshot } from '../observe/index.ts'
import { TuttiError } from '../kernel/index.ts'
import { endProcess } from './signals.ts'
import { Questions } from './worker-questions.ts'
import { isOrder, type WorkerReport } from './worker-messages.ts'

/** How long the supervising process may take to collect what all workers have measured, in milliseconds. */
const patience = 10_000

/** What this worker has asked the supervising process; `undefined` where this process is no worker. */
let questions: Questions | undefined

/** Tells the supervising process that this worker takes requests, and does what it is told from now on. */
export function reportReady(address: Address): void {
  // Ctrl-C reaches workers as well, and so does what the supervising process then says.
  process.on('SIGINT', () => {})
  process.on('message', (message) => {
    if (!isOrder(message)) return
    if (message.tutti === 'stop') endProcess('Told to stop', message.grace)
    else if (message.tutti === 'measured') questions?.answer(message)
    else void tellMetrics(message.id)
  })
  questions = new Questions(report)
  // Without this Node ends a worker in the middle of its requests when the supervising process has died.
  const { worker } = process.getBuiltinModule('node:cluster')
  if (worker !== undefined) worker.exitedAfterDisconnect = true
  process.once('disconnect', () => endProcess('The supervising process is gone', 0))
  report({ tutti: 'ready', address })
}

/** What all workers have measured; `undefined` where this process is none of them. Throws `TUTTI_TIMEOUT`. */
export async function metricsOfAllWorkers(): Promise<readonly MetricSnapshot[] | undefined> {
  if (questions === undefined) return undefined
  const metrics = await questions.ask(patience)
  if (metrics !== undefined) return metrics
  throw new TuttiError('TUTTI_TIMEOUT', `The process that supervises the workers did not tell their metrics within ${patience} ms.`)
}

async function tellMetrics(id: number): Promise<void> {
  const { ownMetrics } = await import('./own-metrics.ts')
  report({ tutti: 'measured', id, metrics: ownMetrics() })
}

/** Tells the supervising process why this worker cannot start, which says it once for all workers, and ends this process. */
export function reportFailure(reason: unknown): Promise<never> {
  const error = TuttiError.from(reason)
  const { cause } = error
  const stack = (cause instanceof Error ? cause.stack : undefined) ?? error.stack ?? ''
  report({ tutti: 'failed', code: error.code, message: error.message, stack }, () => process.exit(1))
  return new Promise(() => {})
}

function report(message: WorkerReport, sent?: () => void): void {
  process.send?.(message, undefined, undefined, () => sent?.())
}
