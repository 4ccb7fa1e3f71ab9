/** How grave a line is, from chatter to the end of the process. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** The least grave level that is written; `silent` writes nothing. */
export type LogThreshold = LogLevel | 'silent'

/** What a line carries besides its message. Errors, nested objects and anything else become plain JSON; secrets are replaced. */
export type LogFields = Readonly<Record<string, unknown>>

/** Writes structured lines. Nothing that is logged makes it throw, and it adds the ids of the current context to each line. */
export interface Logger {
  /** The least grave level that is written now. */
  readonly level: LogThreshold
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  fatal(message: string, fields?: LogFields): void
  /** The levels of components that have one of their own. */
  readonly levels?: Readonly<Record<string, LogThreshold>>
  /**
   * A logger whose lines all carry `fields`. It follows this one's level until it is given its own; with a field `component` it follows the
   * level of that component, where there is one.
   */
  child(fields: LogFields): Logger
  /** Whether a line of this level would be written: ask before work that only a log line needs. */
  isEnabled(level: LogLevel): boolean
  /**
   * Changes the level from now on: of this logger, or of all loggers of a component (`setLevel('debug', 'tutti.projections')`).
   * Throws `TUTTI_OPTION_INVALID` for an unknown one.
   */
  setLevel(level: LogThreshold, component?: string): void
  /** Settles when every line so far has reached the destination. */
  flush(): Promise<void>
}

/** Where lines go: a stream, a file, a test's array. */
export interface LogDestination {
  /** Takes one line, its line break included. */
  write(line: string): unknown
  /** Passes on what `write` only kept; awaited by `Logger.flush()`. */
  flush?(): unknown
  /** Passes on at once what `write` only kept; called when the process exits. */
  flushSync?(): void
}

/** The shape of lines. */
export type LogFormat = 'json' | 'ecs' | 'pretty'

/** How a logger writes. */
export interface LogOptions {
  /** The least grave level that is written. @default the environment's `LOG_LEVEL`, else `info` */
  readonly level?: LogThreshold
  /**
   * Levels of components, such as `{ 'tutti.projections': 'debug', orders: 'trace' }`: that of `tutti` holds for everything in it.
   * @default what stands behind the level in `LOG_LEVEL`, such as `info,tutti.projections=debug,orders=trace`
   */
  readonly levels?: Readonly<Record<string, LogThreshold>>
  /**
   * `pretty` for people, `json`, or `ecs`: JSON with the names of the Elastic Common Schema.
   * @default the environment's `LOG_FORMAT`, else `pretty` on a terminal, unless NODE_ENV is `production` or a destination is given, else `json`
   */
  readonly format?: LogFormat
  /** Names of fields to hide besides the usual ones (`password`, `authorization`, `apiKey` …); case, `-` and `_` do not matter. @default [] */
  readonly redact?: readonly string[]
  /** Where lines go. @default standard output, each line written before the call returns */
  readonly destination?: LogDestination
  /** Fields of every line, such as the service's name. @default {} */
  readonly base?: LogFields
}
