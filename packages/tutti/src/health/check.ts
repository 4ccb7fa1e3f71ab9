import { milliseconds, OptionError, type Duration } from '../kernel/index.ts'

/** What a check tells when all is well: nothing, or facts for whoever reads the report. */
export type CheckDetails = Readonly<Record<string, unknown>>

/** Looks whether something works: throws where it does not. The signal fires when it takes too long. */
export type CheckWork = (signal: AbortSignal) => CheckDetails | undefined | void | Promise<CheckDetails | undefined | void>

/** How a check is made. */
export interface CheckOptions {
  /** Whether the application cannot take requests without it; otherwise its failure is a warning. @default true */
  readonly critical?: boolean
  /** How long it may take; later it has failed. @default '2s' */
  readonly timeout?: Duration
  /** How long its result is good for: however often probes ask, it is made no more often. @default '1s' */
  readonly cache?: Duration
}

/** A check with every value settled; times in milliseconds. */
export interface Check {
  readonly name: string
  readonly work: CheckWork
  readonly critical: boolean
  readonly timeout: number
  readonly cache: number
}

/** Settles and checks a check. Throws `TUTTI_OPTION_INVALID`. */
export function resolveCheck(name: string, work: CheckWork, { critical = true, timeout = '2s', cache = '1s' }: CheckOptions = {}): Check {
  if (typeof name !== 'string' || !/^[\w.:-]{1,100}$/.test(name))
    throw new OptionError(
      `A health check received the name ${JSON.stringify(name)}; wanted up to 100 letters, digits, dots, colons, dashes and underscores.`,
    )
  if (typeof work !== 'function')
    throw new OptionError(`The health check ${name} received ${String(work)}; wanted a function that throws when something is wrong.`)
  return { name, work, critical, timeout: milliseconds(timeout), cache: milliseconds(cache) }
}
