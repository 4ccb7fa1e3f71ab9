import { shown } from './shown.ts'

/** The message of anything thrown. */
export function reasonText(reason: unknown): string {
  return reason instanceof Error ? reason.message : shown(reason)
}

/** One failure as it is, several as an `AggregateError`: for the `cause` of the error that reports them. */
export function causeOf(failures: readonly unknown[]): unknown {
  return failures.length === 1 ? failures[0] : new AggregateError(failures, failures.map(reasonText).join('; '))
}
