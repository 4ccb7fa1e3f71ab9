import { shown } from './shown.ts'

/** The message of anything thrown. */
export function reasonText(reason: unknown): string {
  return reason instanceof Error ? reason.message : shown(reason)
}

/** One failure as it is, several as an `AggregateError`: for the `cause` of the error that reports them. */
export function causeOf(failures: readonly unknown[]): unknown {
  return failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(reasonText).join('; '))
}

/** What is kept of an error that is stored. */
export interface ErrorFacts {
  readonly message: string
  readonly stack?: string
  readonly code?: string
}

/** The facts of anything thrown. */
export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { message: reasonText(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  return { message: error.message, ...(error.stack !== undefined && { stack: error.stack }), ...(code !== undefined && { code }) }
}
