import type { LogLevel } from '../../observe/index.ts'

const levels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/** A level as it is stored: the graver, the higher. */
export function levelRank(level: LogLevel): number {
  return levels.indexOf(level)
}

/** A level as it was stored. */
export function levelOf(rank: unknown): LogLevel {
  return levels[Number(rank)] ?? 'info'
}
