import type { OperationKind } from './run-document.ts'
import type { StepContext } from './step-context.ts'
import type { RunFacts } from './workflow-context.ts'

/** One attempt of something that a run does, as middleware sees it. */
export interface StepAttempt extends StepContext {
  readonly run: RunFacts
  /** The path, such as `reserve` or `label/print`; of an undo that with `undo:` in front. */
  readonly step: string
  readonly kind: OperationKind
}

/** Goes on to the next middleware and in the end to the attempt; rejects where one of them throws. */
export type StepNext = () => Promise<unknown>

/**
 * Wraps each attempt of a step, an undo, a transaction, or of a command or query that a run sends, in the shape of HTTP middleware: what it
 * returns is the result, nothing keeps what `next()` gave, and what it throws fails the attempt.
 */
export type StepMiddleware = (ctx: StepAttempt, next: StepNext) => unknown
