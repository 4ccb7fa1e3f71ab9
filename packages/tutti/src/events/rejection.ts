/** Facts about a rejection, for programs and for the client. */
export type RejectionDetails = Readonly<Record<string, unknown>>

/** The answer of a decision that does not do what the command asks. */
export class Rejection<Code extends string = string> {
  readonly code: Code
  readonly details: RejectionDetails | undefined

  constructor(code: Code, details?: RejectionDetails) {
    this.code = code
    this.details = details
  }
}

/** Refuses a command from within `decide`: an answer that callers expect and tell apart by its code, not an error. */
export function reject<const Code extends string>(code: Code, details?: RejectionDetails): Rejection<Code> {
  return new Rejection(code, details)
}
