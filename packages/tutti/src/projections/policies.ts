import { milliseconds, OptionError, resolveRetry, shown, type Duration, type RetryOptions, type RetryPolicy } from '../kernel/index.ts'

/**
 * What becomes of an event whose handler fails again and again. `skip`: the event alone is set aside as a dead letter. `park`: its stream
 * is, from this event on, so that what follows is still handled in order once the cause is mended. `stop`: nothing is handled any more
 * until somebody resumes.
 */
export type PoisonPolicy = 'skip' | 'park' | 'stop'

/** How events are handled, whether for a read model or for a side effect. */
export interface HandlingOptions {
  /** When a handler that failed is called again. @default 5 attempts, exponential from 100ms to 30s */
  readonly retry?: RetryOptions
  /** How long one call of a handler may take. @default '30s' */
  readonly timeout?: Duration
  /**
   * In how many parts the streams are divided: as many processes can share the work. Counts for versions that are built from now on.
   * @default 8
   */
  readonly segments?: number
  /** How many events are read and handled at a time. @default 500 */
  readonly batch?: number
}

/** How events are handled, with every value settled. */
export interface Handling {
  readonly retry: RetryPolicy
  readonly timeout: number
  readonly segments: number
  readonly batch: number
  readonly poison: PoisonPolicy
}

const policies: ReadonlySet<string> = new Set(['skip', 'park', 'stop'])

/** Settles and checks how events are handled. */
export function resolveHandling(of: string, options: HandlingOptions & { readonly poison: PoisonPolicy }): Handling {
  const { segments = 8, batch = 500, poison } = options
  const whole = (name: string, value: number, most: number): void => {
    if (!Number.isSafeInteger(value) || value < 1 || value > most)
      throw new OptionError(`${of} received ${name} ${shown(value)}; wanted a whole number from 1 to ${most}.`)
  }
  whole('segments', segments, 256)
  whole('batch', batch, 10_000)
  if (!policies.has(poison)) throw new OptionError(`${of} received poison ${shown(poison)}; wanted "skip", "park" or "stop".`)
  return {
    retry: resolveRetry({ attempts: 5, ...options.retry }),
    timeout: milliseconds(options.timeout ?? '30s'),
    segments,
    batch,
    poison,
  }
}

/** Checks a name that goes into keys of documents and labels of metrics. */
export function checkName(kind: string, name: string, version: number): void {
  if (typeof name !== 'string' || !/^[\w.-]{1,80}$/.test(name))
    throw new OptionError(
      `${kind} received the name ${shown(name)}; wanted 1 to 80 letters, digits, dots, dashes and underscores, such as "order-list".`,
    )
  if (!Number.isSafeInteger(version) || version < 1)
    throw new OptionError(`${kind} ${name} received the version ${shown(version)}; wanted a whole number of 1 or more.`)
}
