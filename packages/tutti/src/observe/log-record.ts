import type { LogLevel } from './logger.ts'
import type { PlainRecord } from './plain-value.ts'

/** A log line as it is kept and exported: secrets are hidden, values are plain. */
export interface LogRecord {
  /** In milliseconds since 1970. */
  readonly time: number
  readonly level: LogLevel
  readonly message: string
  /** The fields of the line: those of the call, of the logger and of the context, `traceId` and `spanId` among them. */
  readonly fields: PlainRecord
}

/** Who hears of every line that is written, such as a store or a collector. */
export interface LogTap {
  /** Whether anybody wants lines now. */
  readonly hears: boolean
  log(record: LogRecord): void
}
