import type { LogDestination } from './logger.ts'

/** What JSON leaves as it is but a terminal may obey or an editor may break a line at: DEL, C1, line separators, bidirectional overrides. */
const unsafe = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/
const everyUnsafe = new RegExp(unsafe.source, 'g')
const everyControl = new RegExp(`[\\u0000-\\u001f]|${unsafe.source}`, 'g')

/** The line with every character escaped that could forge another line; inside JSON such characters stand in texts alone. */
export function safeLine(line: string): string {
  return unsafe.test(line) ? line.replace(everyUnsafe, escape) : line
}

/** A text with all control characters escaped, so that it stays on its line. */
export function safeText(text: string): string {
  return text.replace(everyControl, escape)
}

function escape(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const flushedAtExit = new Set<LogDestination>()

/** Sees to it that lines which the destination still keeps are written when the process exits, an uncaught error included. */
export function flushAtExit(destination: LogDestination): void {
  if (destination.flushSync === undefined) return
  if (flushedAtExit.size === 0) process.once('exit', flushAll)
  flushedAtExit.add(destination)
}

function flushAll(): void {
  for (const destination of flushedAtExit) {
    try {
      destination.flushSync?.()
    } catch (error) {
      reportOnce(error)
    }
  }
}

let reported = false

/** Logging must not break what it logs, but that lines are lost must not stay unknown: the first failure becomes a process warning. */
export function reportOnce(error: unknown): void {
  if (reported) return
  reported = true
  const reason = error instanceof Error ? error.message : typeof error
  process.emitWarning(`A log line could not be written: ${reason}. More such failures are not reported.`, 'TuttiLogWarning')
}
