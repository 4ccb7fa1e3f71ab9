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

/** The level to begin with: the option, else the environment's LOG_LEVEL in any case, else `info`. */
export function initialLevel(option: LogThreshold | undefined): LogThreshold {
  if (option !== undefined) return checkLevel(option, 'the log level')
  const variable = process.env['LOG_LEVEL']?.trim()
  if (variable === undefined || variable === '') return 'info'
  return checkLevel(variable.toLowerCase(), 'the log level in LOG_LEVEL')
}

function isLevel(level: unknown): level is LogThreshold {
  return typeof level === 'string' && Object.hasOwn(ranks, level)
}

function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`
}
