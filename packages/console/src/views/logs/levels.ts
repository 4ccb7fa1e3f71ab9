import type { ConsoleLog, ConsoleLogLevels } from 'tutti/console'

export type Level = ConsoleLog['level']
export type Threshold = ConsoleLogLevels['level']

/** From the least to the most important. */
export const levels: readonly Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

export const thresholds: readonly Threshold[] = [...levels, 'silent']

const isLevel = (text: string): text is Level => levels.some((level) => level === text)

export function toneOf(level: Level): 'plain' | 'accent' | 'warn' | 'bad' {
  if (level === 'error' || level === 'fatal') return 'bad'
  if (level === 'warn') return 'warn'
  return level === 'info' ? 'accent' : 'plain'
}

export interface LogFilter {
  readonly level: string
  readonly text: string
  readonly component: string
  readonly traceId: string
}

/** Whether a line fits the filters, as the API sees it. */
export function logFits(log: ConsoleLog, filter: LogFilter): boolean {
  if (isLevel(filter.level) && levels.indexOf(log.level) < levels.indexOf(filter.level)) return false
  if (filter.component !== '' && log.fields['component'] !== filter.component) return false
  if (filter.traceId !== '' && log.fields['traceId'] !== filter.traceId) return false
  if (filter.text === '') return true
  return `${log.message} ${JSON.stringify(log.fields)}`.toLowerCase().includes(filter.text.toLowerCase())
}

/** What a line says besides its message, in short: the fields that name something. */
export function shortFields(fields: ConsoleLog['fields']): string {
  const left = new Set(['traceId', 'spanId', 'correlationId', 'requestId', 'component', 'app', 'pid', 'hostname'])
  return Object.entries(fields)
    .filter(([name, value]) => !left.has(name) && value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' && value !== null ? errorMessage(value) : String(value)}`)
    .join(' ')
}

function errorMessage(value: object): string {
  const message: unknown = Reflect.get(value, 'message')
  return typeof message === 'string' ? message : JSON.stringify(value)
}
