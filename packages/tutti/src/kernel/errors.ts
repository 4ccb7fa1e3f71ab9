import type { ErrorCode } from './error-codes.ts'
import { shown } from './shown.ts'

/** What a `TuttiError` carries besides its code and message. */
export interface TuttiErrorOptions {
  /** The error that led to this one. */
  readonly cause?: unknown
  /** Facts for programs, shown to clients only where `status` is below 500. */
  readonly details?: Readonly<Record<string, unknown>>
  /**
   * The HTTP status that fits this error. Below 500 the message is meant for the client; at 500 and above it is only logged.
   * @default 500
   */
  readonly status?: number
}

/** The base of every error that Tutti throws: a stable `code`, and a message that says what was received, what is wanted and what to do. */
export class TuttiError extends Error {
  readonly code: ErrorCode
  readonly details: Readonly<Record<string, unknown>>
  readonly status: number

  constructor(code: ErrorCode, message: string, options: TuttiErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.details = options.details ?? {}
    this.status = options.status ?? 500
  }

  /** The one way to turn an unknown throw into an error: Tutti's own errors pass, anything else becomes the `cause` of a `TUTTI_INTERNAL`. */
  static from(reason: unknown): TuttiError {
    if (reason instanceof TuttiError) return reason
    const message = reason instanceof Error ? reason.message : `Something that is not an Error was thrown: ${shown(reason)}`
    return new TuttiError('TUTTI_INTERNAL', message, { cause: reason })
  }
}

/** An option of the public API has a wrong name or value: always thrown while the application is being built. */
export class OptionError extends TuttiError {
  constructor(message: string, options?: TuttiErrorOptions & { readonly code?: ErrorCode }) {
    super(options?.code ?? 'TUTTI_OPTION_INVALID', message, options)
  }
}
