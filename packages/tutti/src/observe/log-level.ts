import { OptionError } from '../kernel/index.ts'
import type { LogThreshold } from './logger.ts'

/** The order of the levels, in pino's numbers. */
export const ranks: Readonly<Record<LogThreshold, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Infinity,
}

/** Throws `TUTTI_OPTION_INVALID` unless `level` is one of the levels; `from` says where it came from. */
export function checkLevel(level: unknown, from: string): LogThreshold {
  if (isLevel(level)) return level
  const names = Object.keys(ranks).join(', ')
  throw new OptionError(`Received ${describe(level)} as ${from}; wanted one of ${names}.`)
}

/** The level to begin with, and those of components: the options, else the environment's LOG_LEVEL in any case, else `info`. */
export function initialLevels(
  option: LogThreshold | undefined,
  components: Readonly<Record<string, LogThreshold>> = {},
): { readonly level: LogThreshold; readonly components: Readonly<Record<string, LogThreshold>> } {
  const from = 'the log level in LOG_LEVEL'
  const [first = '', ...rest] = (process.env['LOG_LEVEL'] ?? '').split(',').map((part) => part.trim())
  const all = [...(first.includes('=') ? [first] : []), ...rest].map((part) => part.split('=').map((side) => side.trim()))
  const told = all.map(([component = '', level = '']) => [component, checkLevel(level.toLowerCase(), `${from} of ${component}`)] as const)
  const general = first === '' || first.includes('=') ? 'info' : first.toLowerCase()
  const level = option === undefined ? checkLevel(general, from) : checkLevel(option, 'the log level')
  return { level, components: { ...Object.fromEntries(told), ...components } }
}

function isLevel(level: unknown): level is LogThreshold {
  return typeof level === 'string' && Object.hasOwn(ranks, level)
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`
}
