import type { DestinationStream, LogFn, pino as Pino } from 'pino'
import { reportOnce, safeLine } from './log-destination.ts'
import type { LogDestination, LogLevel } from './logger.ts'
import type { PlainRecord } from './plain-value.ts'

/** Writes one line. */
export type LineWriter = (level: LogLevel, message: string, fields: PlainRecord) => void

/** Pino costs 17 ms to load, so that happens with the first line that is really written. */
function loadPino(): typeof Pino {
  return process.getBuiltinModule('node:module').createRequire(import.meta.url)('pino')
}

/** Lines as JSON: `level` as text, `time` in ISO 8601, the fields, `message`. */
export function jsonLines(destination: LogDestination): LineWriter {
  const pino = loadPino()
  let fields: PlainRecord = {}
  const stream: DestinationStream = { write: (line) => void destination.write(safeLine(line)) }
  const options = {
    level: 'trace',
    messageKey: 'message',
    errorKey: 'error',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are plain already; pino's own serialiser would rewrite them.
    serializers: { err: (error: unknown) => error },
    // As an argument, fields that look like a request would be taken for one and reshaped.
    mixin: () => fields,
  }
  const logger: Readonly<Record<LogLevel, LogFn>> = pino(options, stream)
  return (level, message, more) => {
    fields = more
    logger[level](message)
  }
}

let output: LogDestination | undefined

/** Standard output, written synchronously: a line is out before the call returns, whatever happens to the process then. */
export function standardOutput(): LogDestination {
  if (output !== undefined) return output
  const stream = loadPino().destination({ dest: 1, sync: true })
  // Without a listener a full disk would end the process. A reader that went away, as `head` does, is nothing to report.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') reportOnce(error)
  })
  return (output = { write: (line) => stream.write(line), flushSync: () => stream.flushSync() })
}
