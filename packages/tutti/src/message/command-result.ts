/** A command that was carried out. */
export class Accepted {
  readonly ok = true
  /** The stream's version behind the command's events. */
  readonly version: number
  /** The position of its last event: `waitFor(projection, position)` reads your own writes. */
  readonly position: number

  constructor(version: number, position: number) {
    this.version = version
    this.position = position
  }
}

/** A command that was refused by the aggregate's rules; nothing has changed. */
export class Rejected<Code extends string = string> {
  readonly ok = false
  readonly code: Code
  /** Facts for the caller. */
  readonly details: Readonly<Record<string, unknown>> | undefined

  constructor(code: Code, details?: Readonly<Record<string, unknown>>) {
    this.code = code
    this.details = details
  }
}

/** What `send` gives for a command of an aggregate; `Code` are the rejections that its rules can make. */
export type CommandResult<Code extends string = string> = Accepted | Rejected<Code>
