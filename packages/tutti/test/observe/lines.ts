import { createLogger, type Logger, type LogOptions } from '../../src/observe/index.ts'

/** A logger whose lines end up in an array. */
export function capturing(options: LogOptions = {}): { readonly log: Logger; readonly lines: string[]; last(): Record<string, unknown> } {
  const lines: string[] = []
  const log = createLogger({ level: 'trace', destination: { write: (line) => lines.push(line) }, ...options })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '') }
}
