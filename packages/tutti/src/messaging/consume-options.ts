import { milliseconds, OptionError, resolveRetry, shown, type Duration, type RetryOptions, type RetryPolicy } from '../kernel/index.ts'
import type { ConsumeMiddleware } from './consume-context.ts'
import { checkTopicName } from './topic.ts'

/** How the messages of a topic are consumed. */
export interface ConsumeOptions {
  /** Each group gets each message once; all processes that consume in the same group share the work. */
  readonly group: string
  /** How many messages are handled at the same time in this process; those of one key always one after the other. @default 8 */
  readonly concurrency?: number
  /** When a handler that failed is called again; then the message becomes a dead letter. @default 5 attempts, exponential from 100ms to 30s */
  readonly retry?: RetryOptions
  /** How long one call of the handler may take. @default '30s' */
  readonly timeout?: Duration
  /**
   * Handles each message within a transaction of the storage that also notes its id: what the handler writes there takes effect exactly
   * once, however often the message is delivered.
   * @default false
   */
  readonly inbox?: boolean
  /** A message that was handed out more often, because processes ended while they had it, becomes a dead letter unhandled. @default 20 */
  readonly maxDeliveries?: number
  /** How many messages are kept at hand at most, so that handlers do not wait for the broker. @default 1000 */
  readonly prefetch?: number
  /** Middleware of this consumer alone, inside that of its messenger. */
  readonly use?: readonly ConsumeMiddleware[]
}

/** How messages are consumed, with every value settled; times in milliseconds. */
export interface Consuming {
  readonly group: string
  readonly concurrency: number
  readonly retry: RetryPolicy
  readonly timeout: number
  readonly inbox: boolean
  readonly maxDeliveries: number
  readonly prefetch: number
  readonly use: readonly ConsumeMiddleware[]
}

/** Settles and checks how messages are consumed. */
export function resolveConsuming(topic: string, options: ConsumeOptions): Consuming {
  const { group, concurrency = 8, inbox = false, maxDeliveries = 20, use = [] } = options
  const { prefetch = Math.max(1000, concurrency) } = options
  checkTopicName('group', group)
  const whole = (name: string, value: number, least = 1): void => {
    if (!Number.isSafeInteger(value) || value < least)
      throw new OptionError(`consume ${topic} received ${name} ${shown(value)}; wanted a whole number of ${least} or more.`)
  }
  whole('concurrency', concurrency)
  whole('prefetch', prefetch, concurrency)
  whole('maxDeliveries', maxDeliveries)
  return {
    group,
    concurrency,
    retry: resolveRetry({ attempts: 5, ...options.retry }),
    timeout: milliseconds(options.timeout ?? '30s'),
    inbox,
    maxDeliveries,
    prefetch,
    use,
  }
}
