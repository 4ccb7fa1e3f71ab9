import type { Logger } from './logger.ts'

const nothing = (): void => undefined

/** Writes nothing, at any level: for tests and for parts that must not be heard. */
export const silentLogger: Logger = {
  level: 'silent',
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  fatal: nothing,
  child: () => silentLogger,
  isEnabled: () => false,
  setLevel: nothing,
  flush: () => Promise.resolve(),
}
