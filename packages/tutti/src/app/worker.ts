import type { Address } from '../http/index.ts'
import { TuttiError } from '../kernel/index.ts'
import { endProcess } from './signals.ts'
import { isOrder, type WorkerReport } from './worker-messages.ts'

/** Tells the supervising process that this worker takes requests, and does what it is told from now on. */
export function reportReady(address: Address): void {
  // Ctrl-C reaches workers as well, and so does what the supervising process then says.
  process.on('SIGINT', () => {})
  process.on('message', (message) => {
    if (isOrder(message)) endProcess('Told to stop', message.grace)
  })
  // Without this Node ends a worker in the middle of its requests when the supervising process has died.
  const { worker } = process.getBuiltinModule('node:cluster')
  if (worker !== undefined) worker.exitedAfterDisconnect = true
  process.once('disconnect', () => endProcess('The supervising process is gone', 0))
  report({ tutti: 'ready', address })
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
