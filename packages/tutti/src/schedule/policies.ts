import { milliseconds, OptionError, resolveRetry, shown, type Duration, type RetryOptions, type RetryPolicy } from '../kernel/index.ts'

/**
 * What becomes of a time that comes due while a firing runs, or waits to be tried again. `skip`: it is left out. `queue`: it is run when its
 * turn comes. `replace`: the one that runs is ended in its favour.
 */
export type OverlapPolicy = 'skip' | 'queue' | 'replace'

/**
 * What becomes of times that nobody was there for: processes were stopped, or the clock was put forward. `skip`: they are left out. `once`:
 * the last one is run. `all`: each one is run, one after the other.
 */
export type MissedPolicy = 'skip' | 'once' | 'all'

/** What becomes of a firing whose process died, or lost its lease. `repeat`: another process runs it again. `skip`: it is left as it is. */
export type InterruptedPolicy = 'repeat' | 'skip'

/** How a schedule fires. */
export interface FiringOptions {
  /** @default 'skip' */
  readonly overlap?: OverlapPolicy
  /** @default 'once' */
  readonly missed?: MissedPolicy
  /** @default 'repeat' */
  readonly interrupted?: InterruptedPolicy
  /** How much later than its time a firing may begin, each by its own share of it, but never as late as the next time. @default 0 */
  readonly jitter?: Duration
  /** How long one attempt may take; then its signal fires and it has failed. @default '1h' */
  readonly timeout?: Duration
  /** When a firing that failed is tried again. @default 3 attempts, exponential from 1s to 1m */
  readonly retry?: RetryOptions
  /** How many firings are remembered. @default 100 */
  readonly history?: number
}

/** How a schedule fires, with every value settled; times in milliseconds. */
export interface FiringPolicies {
  readonly overlap: OverlapPolicy
  readonly missed: MissedPolicy
  readonly interrupted: InterruptedPolicy
  readonly jitter: number
  readonly timeout: number
  readonly retry: RetryPolicy
  readonly history: number
}

const choices = {
  overlap: ['skip', 'queue', 'replace'],
  missed: ['skip', 'once', 'all'],
  interrupted: ['repeat', 'skip'],
} as const

/** Settles and checks how a schedule fires. */
export function resolveFiring(of: string, options: FiringOptions): FiringPolicies {
  const { overlap = 'skip', missed = 'once', interrupted = 'repeat', history = 100 } = options
  const chosen = { overlap, missed, interrupted }
  for (const name of ['overlap', 'missed', 'interrupted'] as const) {
    const known: readonly string[] = choices[name]
    if (!known.includes(chosen[name]))
      throw new OptionError(`${of} received ${name} ${shown(chosen[name])}; wanted ${known.map((one) => `"${one}"`).join(' or ')}.`)
  }
  if (!Number.isSafeInteger(history) || history < 1 || history > 10_000)
    throw new OptionError(`${of} received history ${shown(history)}; wanted a whole number from 1 to 10000.`)
  return {
    ...chosen,
    jitter: milliseconds(options.jitter ?? 0),
    timeout: milliseconds(options.timeout ?? '1h'),
    retry: resolveRetry({ delay: '1s', maxDelay: '1m', ...options.retry }),
    history,
  }
}
