import { milliseconds, OptionError, type Duration } from '../../kernel/index.ts'
import { services, type HttpContext } from '../context.ts'
import { HttpError } from '../errors.ts'
import type { HttpHeaders } from '../headers.ts'
import type { Middleware } from '../middleware.ts'
import { checkOptions } from './check-options.ts'
import { memoryRateLimitStore } from './rate-limit-memory.ts'
import type { RateLimitRule, RateLimitStore, RateLimitVerdict } from './rate-limit-store.ts'

export interface RateLimitOptions {
  /** Requests per `per`. */
  readonly limit: number
  /** @default '1m' */
  readonly per?: Duration
  /**
   * `token-bucket` lets bursts through and refills evenly; `sliding-window` never allows more than `limit` in any span of `per`, counted
   * in tenths of it. @default 'token-bucket'
   */
  readonly algorithm?: 'token-bucket' | 'sliding-window'
  /** The most requests at once with a token bucket. @default the limit */
  readonly burst?: number
  /**
   * Whose requests are counted together: an address (IPv6 by its /64 network), a user where a middleware further out has set `ctx.actor`
   * (else the address; guards come later), or what a function says; `undefined` is not counted. @default 'ip'
   */
  readonly key?: 'ip' | 'user' | ((ctx: HttpContext) => string | undefined)
  /** What a request costs; one that costs more than there can ever be costs everything. @default 1 */
  readonly cost?: (ctx: HttpContext) => number
  /** How many keys are kept in memory; those that have not been seen for longest go first. @default 100000 */
  readonly maxKeys?: number
  /** @default the memory of this process */
  readonly store?: RateLimitStore
  /** Tells limits apart that use the same store. @default limits that say the same count together */
  readonly name?: string
  /** Requests that are not counted. @default none */
  readonly skip?: (ctx: HttpContext) => boolean
}

/** Longer keys are kept as their hash, so that the number of keys bounds the memory they take. */
const longestKey = 256

/**
 * Limits how often clients may ask: answers 429 with `Retry-After`, and every response with `RateLimit-Limit`, `-Remaining`, `-Reset` and
 * `-Policy` (draft-ietf-httpapi-ratelimit-headers-06). Where several limits apply these tell of the one that is nearest to its end.
 */
export function rateLimit(options: RateLimitOptions): Middleware {
  const { rule, name } = ruleOf(options)
  const { cost, skip } = options
  const store = options.store ?? memoryRateLimitStore({ maxKeys: options.maxKeys ?? 100_000 })
  const keyOf = keyFunction(options.key ?? 'ip')
  const seconds = Math.ceil(rule.perMs / 1000)
  const policy = `${rule.limit};w=${seconds}${rule.burst === rule.limit ? '' : `;burst=${rule.burst}`}`

  return async function rateLimit(ctx, next) {
    const key = skip?.(ctx) === true ? undefined : keyOf(ctx)
    if (key === undefined) return next()
    const verdict = await store.take(bounded(`${name}:${key}`), rule, {
      cost: costOf(cost?.(ctx) ?? 1, rule),
      now: ctx[services].clock.monotonic(),
    })
    tell(ctx.responseHeaders, verdict, { limit: rule.burst, policy })
    if (verdict.allowed) return next()
    const wait = Math.max(1, Math.ceil(verdict.retryMs / 1000))
    throw new HttpError('TUTTI_RATE_LIMITED', `Too many requests: ${rule.limit} are allowed per ${seconds} s. Try again in ${wait} s.`, {
      status: 429,
      headers: { 'retry-after': wait },
      details: { retryAfter: wait },
    })
  }
}

function ruleOf(options: RateLimitOptions): { readonly rule: RateLimitRule; readonly name: string } {
  checkOptions('rateLimit', options, {
    limit: true,
    per: true,
    algorithm: true,
    burst: true,
    key: true,
    cost: true,
    maxKeys: true,
    store: true,
    name: true,
    skip: true,
  })
  const perMs = milliseconds(options.per ?? '1m')
  const { limit, algorithm = 'token-bucket', burst = limit } = options
  for (const [option, value] of Object.entries({ limit, burst })) {
    if (!(Number.isFinite(value) && value >= 1))
      throw new OptionError(`rateLimit received ${option} ${String(value)}; wanted a number of 1 or more.`)
  }
  if (perMs === 0) throw new OptionError('rateLimit received per 0; wanted a duration such as "1m".')
  if (algorithm !== 'token-bucket' && algorithm !== 'sliding-window') {
    throw new OptionError(`rateLimit received the algorithm ${JSON.stringify(algorithm)}; wanted "token-bucket" or "sliding-window".`)
  }
  if (algorithm === 'sliding-window' && burst !== limit)
    throw new OptionError('rateLimit received burst with a sliding window, which has none; wanted it with algorithm "token-bucket" alone.')
  const { maxKeys = 2 } = options
  if (!(Number.isSafeInteger(maxKeys) && maxKeys >= 2))
    throw new OptionError(`rateLimit received maxKeys ${String(maxKeys)}; wanted a whole number of 2 or more.`)
  return { rule: { algorithm, limit, perMs, burst }, name: options.name ?? `${algorithm}/${limit}/${perMs}/${burst}` }
}

function costOf(received: number, { burst }: RateLimitRule): number {
  if (received >= 0) return Math.min(received, burst)
  throw new OptionError(`rateLimit received the cost ${String(received)}; wanted a number of 0 or more.`)
}

function tell(
  headers: HttpHeaders,
  verdict: RateLimitVerdict,
  { limit, policy }: { readonly limit: number; readonly policy: string },
): void {
  const remaining = Math.max(0, Math.floor(verdict.remaining))
  const said = headers.get('ratelimit-remaining')
  // A limit further out that is nearer to its end matters more, unless this one refuses.
  if (said !== undefined && Number(said) < remaining && verdict.allowed) return
  headers.set('ratelimit-limit', limit)
  headers.set('ratelimit-remaining', remaining)
  headers.set('ratelimit-reset', Math.ceil(verdict.resetMs / 1000))
  headers.set('ratelimit-policy', policy)
}

function keyFunction(key: NonNullable<RateLimitOptions['key']>): (ctx: HttpContext) => string | undefined {
  if (typeof key === 'function') return key
  if (key === 'ip') return byAddress
  if (key !== 'user') throw new OptionError(`rateLimit received the key ${JSON.stringify(key)}; wanted "ip", "user" or a function.`)
  return (ctx) =>
    ctx.actor === undefined ? byAddress(ctx) : `user:${JSON.stringify([ctx.tenant ?? null, ctx.actor.kind ?? null, ctx.actor.id])}`
}

function byAddress(ctx: HttpContext): string {
  return `ip:${network(ctx.ip)}`
}

function bounded(key: string): string {
  return key.length <= longestKey ? key : `sha256:${process.getBuiltinModule('node:crypto').hash('sha256', key, 'base64url')}`
}

/** One subscriber has a whole /64 of IPv6: its addresses count together. */
function network(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = tail === undefined ? front : [...front, ...Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back]
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}
