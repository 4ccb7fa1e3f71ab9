import { safeText } from './log-destination.ts'
import type { LogDestination, LogLevel } from './logger.ts'
import type { LineWriter } from './pino-logger.ts'
import type { Plain, PlainRecord } from './plain-value.ts'

const colors: Readonly<Record<LogLevel, number>> = { trace: 90, debug: 36, info: 32, warn: 33, error: 31, fatal: 35 }
const gray = 90

/** A text that can stand without quotes. */
const bare = /^[\w.:/@+-]+$/

/** Lines for people: time, level, message, fields; the stack of an error on indented lines below, so that none of them looks like a line of its own. */
export function prettyLines(destination: LogDestination, colored: boolean): LineWriter {
  const paint = (color: number, text: string): string => (colored ? `\u001b[${color}m${text}\u001b[39m` : text)
  return (level, message, fields) => {
    const errors: string[] = []
    let line = `${paint(gray, clockTime(new Date()))} ${paint(colors[level], level.toUpperCase().padEnd(5))} ${safeText(message)}`
    for (const [name, value] of Object.entries(fields)) {
      if (isError(value)) errors.push(...errorLines(name, value))
      else line += ` ${paint(gray, `${safeText(name)}=`)}${fieldText(value)}`
    }
    for (const error of errors) line += `\n    ${error}`
    destination.write(`${line}\n`)
  }
}

function fieldText(value: Plain): string {
  return typeof value === 'string' && bare.test(value) ? value : safeText(JSON.stringify(value))
}

function isError(value: Plain | undefined): value is PlainRecord & { readonly stack: string } {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string'
}

function errorLines(name: string, error: PlainRecord & { readonly stack: string }): string[] {
  const { stack, cause, errors } = error
  const lines = stack.split('\n').map((line, index) => `${index === 0 ? '' : '  '}${safeText(line.trim())}`)
  const code = error['code'] === undefined ? '' : ` (${fieldText(error['code'])})`
  const all = [`${safeText(name)}${code}: ${lines[0]}`, ...lines.slice(1)]
  if (error['details'] !== undefined) all.push(`  details: ${fieldText(error['details'])}`)
  const inner = Array.isArray(errors) ? errors.map((one, index) => [`${name}.errors[${index}]`, one] as const) : []
  for (const [at, one] of [...inner, [`caused by`, cause] as const]) {
    if (isError(one)) all.push(...errorLines(at, one))
    else if (one !== undefined) all.push(`${safeText(at)}: ${fieldText(one)}`)
  }
  return all
}

/** The time of day here, to the millisecond. */
function clockTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Whether standard output is a terminal that someone develops at. */
export function atTerminal(): boolean {
  return process.env['NODE_ENV'] !== 'production' && process.getBuiltinModule('node:tty').isatty(1)
}

/** Whether to write colours: on a terminal, unless NO_COLOR is set to anything (no-color.org). */
export function wantsColor(destination: LogDestination | undefined): boolean {
  if ((process.env['NO_COLOR'] ?? '') !== '') return false
  if (destination !== undefined) return 'isTTY' in destination && destination.isTTY === true
  return process.getBuiltinModule('node:tty').isatty(1)
}
