import { systemClock, type Clock } from './clock.ts'
import { currentContext } from './context.ts'
import { milliseconds, type Duration } from './duration.ts'
import { OptionError, TuttiError } from './errors.ts'
import { reasonText } from './failures.ts'
import { shown } from './shown.ts'
import { withinTime } from './time-limit.ts'

/** When to try again, with every value settled. */
export interface RetryPolicy {
  /** How often the work is tried at most, the first time included. */
  readonly attempts: number
  /** How the delay grows from attempt to attempt: doubled, by the same amount, or not at all. */
  readonly backoff: 'exponential' | 'linear' | 'constant'
  /** Milliseconds after the first failed attempt. */
  readonly delay: number
  /** Milliseconds that no delay exceeds. */
  readonly maxDelay: number
  /** The share of each delay that is random, from 0 (`'none'`) to 1 (`'full'`): keeps callers from coming back all at once. */
  readonly jitter: number
  /** Whether an error is worth another attempt. */
  readonly retryIf: (error: unknown, attempt: number) => boolean
}

export interface RetryOptions {
  /** How often the work is tried at most, the first time included. @default 3 */
  readonly attempts?: number
  /** @default 'exponential' */
  readonly backoff?: RetryPolicy['backoff']
  /** The delay after the first failed attempt. @default '100ms' */
  readonly delay?: Duration
  /** What no delay exceeds. @default '30s' */
  readonly maxDelay?: Duration
  /** The share of each delay that is random: `'none'`, `'full'`, or a number from 0 to 1. @default 'full' */
  readonly jitter?: 'full' | 'none' | number
  /** Whether an error is worth another attempt. @default every error is */
  readonly retryIf?: (error: unknown, attempt: number) => boolean
}

export interface RetryCallOptions extends RetryOptions {
  /** Ends everything at once, with the signal's reason. @default the signal of the current context */
  readonly signal?: AbortSignal
  /** Milliseconds since 1970 after which nothing is tried or awaited. @default the deadline of the current context */
  readonly deadline?: number
  readonly clock?: Clock
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number
}

const backoffs = new Set(['exponential', 'linear', 'constant'])

/** Settles and checks the values of a retry policy. */
export function resolveRetry(options: RetryOptions = {}): RetryPolicy {
  const { attempts = 3, backoff = 'exponential', jitter = 'full', retryIf = () => true } = options
  if (attempts !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(attempts) && attempts >= 1)) {
    throw new OptionError(`Received ${shown(attempts)} retry attempts; wanted a whole number of 1 or more, or Infinity.`)
  }
  if (!backoffs.has(backoff)) {
    throw new OptionError(`Received the retry backoff ${shown(backoff)}; wanted "exponential", "linear" or "constant".`)
  }
  const share = jitter === 'full' ? 1 : jitter === 'none' ? 0 : jitter
  if (!(typeof share === 'number' && share >= 0 && share <= 1)) {
    throw new OptionError(`Received the retry jitter ${shown(jitter)}; wanted "full", "none" or a number from 0 to 1.`)
  }
  const delay = milliseconds(options.delay ?? 100)
  return { attempts, backoff, delay, maxDelay: milliseconds(options.maxDelay ?? '30s'), jitter: share, retryIf }
}

/** Milliseconds to wait after a failed attempt, counted from 1. `random` gives numbers from 0 to below 1. */
export function retryDelay(policy: RetryPolicy, attempt: number, random: () => number = Math.random): number {
  const full = Math.min(policy.maxDelay, policy.delay * growth[policy.backoff](attempt))
  return full * (1 - policy.jitter * random())
}

/** The exponent's bound keeps the factor finite: a delay of 0 must stay 0, not become NaN. */
const growth = {
  exponential: (attempt: number) => 2 ** Math.min(attempt - 1, 1000),
  linear: (attempt: number) => attempt,
  constant: () => 1,
}

/**
 * Does work until it succeeds. An error that is not worth a retry is thrown as it is; when the attempts are used up it is the
 * cause of `TUTTI_RETRY_EXHAUSTED`. When the deadline passes, or would pass before the next attempt, the last error is the cause
 * of `TUTTI_DEADLINE_EXCEEDED`, and the signal that the work got has fired.
 */
export async function retry<T>(
  work: (attempt: number, signal: AbortSignal) => T | PromiseLike<T>,
  options: RetryCallOptions = {},
): Promise<T> {
  const policy = resolveRetry(options)
  const { clock = systemClock, random = Math.random } = options
  const context = currentContext()
  const signal = options.signal ?? context?.signal
  const deadline = options.deadline ?? context?.deadline ?? Number.POSITIVE_INFINITY
  if (clock.now() >= deadline) throw gaveUp('TUTTI_DEADLINE_EXCEEDED', 'The deadline had passed before the first attempt', { attempts: 0 })
  for (let attempt = 1, last: unknown; ; attempt++) {
    let late: TuttiError | undefined
    try {
      return await withinTime((ended) => work(attempt, ended), {
        clock,
        signal,
        timeout: deadline === Number.POSITIVE_INFINITY ? undefined : Math.max(0, deadline - clock.now()),
        timedOut: () =>
          (late = gaveUp('TUTTI_DEADLINE_EXCEEDED', `The deadline passed during attempt ${attempt}`, { attempts: attempt, last })),
      })
    } catch (reason) {
      signal?.throwIfAborted()
      if (reason === late || !policy.retryIf(reason, attempt)) throw reason
      last = reason
    }
    if (attempt >= policy.attempts) throw gaveUp('TUTTI_RETRY_EXHAUSTED', `All ${attempt} attempts failed`, { attempts: attempt, last })
    const delay = retryDelay(policy, attempt, random)
    if (clock.now() + delay >= deadline) {
      throw gaveUp('TUTTI_DEADLINE_EXCEEDED', `The deadline would pass before attempt ${attempt + 1}`, { attempts: attempt, last })
    }
    await clock.sleep(delay, signal)
  }
}

type GiveUpCode = 'TUTTI_DEADLINE_EXCEEDED' | 'TUTTI_RETRY_EXHAUSTED'

function gaveUp(code: GiveUpCode, what: string, facts: { readonly attempts: number; readonly last?: unknown }): TuttiError {
  const { attempts, last } = facts
  const message = last === undefined ? `${what}.` : `${what}; the last error was: ${reasonText(last)}`
  const status = code === 'TUTTI_DEADLINE_EXCEEDED' ? 504 : 500
  return new TuttiError(code, message, { cause: last, details: { attempts }, status })
}
