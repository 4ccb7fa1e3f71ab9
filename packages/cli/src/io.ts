/** Where text goes. */
export interface Sink {
  write(text: string): unknown
  /** Whether somebody looks at it: then there are progress bars and questions. */
  readonly isTTY?: boolean
  /** How many characters fit in a line. @default 80 */
  readonly columns?: number
}

/** What a command reads from and writes to. */
export interface Io {
  readonly out: Sink
  readonly err: Sink
  readonly input: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean }
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Fires when somebody has had enough, as with Ctrl-C: then what goes on for ever ends well. */
  readonly signal: AbortSignal
}

/** The terminal, or what is there in its place. */
export function processIo(): Io {
  const { stdout: out, stderr: err, stdin: input, env } = process
  const ending = new AbortController()
  // Those who leave early, such as `head`, have seen enough.
  out.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    ending.abort()
  })
  return { out, err, input, env, cwd: process.cwd(), signal: ending.signal }
}

/** Has Ctrl-C and SIGTERM end what goes on for ever, in place of the process. Returns what undoes this. */
export function endOnSignals(end: () => void): Disposable {
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, end)
  return { [Symbol.dispose]: () => signals.forEach((signal) => process.off(signal, end)) }
}
