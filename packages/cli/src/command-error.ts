/** The exit codes of `tutti`, which scripts may rely on. */
export const exitCodes = {
  /** It is done. */
  done: 0,
  /** It could not be done: what was asked for does not exist, a check has failed, the application does not load. */
  failed: 1,
  /** The command line is wrong: nothing was done. */
  usage: 2,
} as const

/** Ends a command with a message and without a stack: what is wrong is not the command. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: 1 | 2

  constructor(message: string, { exitCode = exitCodes.failed, cause }: { readonly exitCode?: 1 | 2; readonly cause?: unknown } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

/** The command line is wrong. */
export function usageError(message: string): CommandError {
  return new CommandError(message, { exitCode: exitCodes.usage })
}
