import type { RateLimitRule, RateLimitStore, RateLimitVerdict } from './rate-limit-store.ts'

/** How many parts a window is counted in. One more is kept: the oldest is still partly in view. */
const parts = 10
const slots = parts + 1

interface Bucket {
  tokens: number
  at: number
}

interface Window {
  /** Costs by number of the part, modulo `slots`. */
  readonly costs: number[]
  /** The number of the newest part. */
  newest: number
}

interface Request {
  readonly cost: number
  readonly now: number
}

/** Keeps counts in memory for one process, at most `maxKeys` of them: those that have not been seen for longest are forgotten first. */
export function memoryRateLimitStore({ maxKeys }: { readonly maxKeys: number }): RateLimitStore {
  const buckets = new Recent<Bucket>(maxKeys)
  const windows = new Recent<Window>(maxKeys)
  return {
    take(key, rule, request) {
      if (rule.algorithm === 'token-bucket')
        return takeTokens(
          buckets.get(key, () => ({ tokens: rule.burst, at: request.now })),
          rule,
          request,
        )
      return countInWindow(
        windows.get(key, () => ({ costs: Array<number>(slots).fill(0), newest: Number.NEGATIVE_INFINITY })),
        rule,
        request,
      )
    },
  }
}

/**
 * Two generations of values: what is used moves to the young one, and when that is full the old one is forgotten as a whole. Unlike a list
 * in order of use this costs the same however many keys an attacker comes up with.
 */
class Recent<T> {
  readonly #capacity: number
  #young = new Map<string, T>()
  #old = new Map<string, T>()

  constructor(maxKeys: number) {
    this.#capacity = Math.max(1, Math.floor(maxKeys / 2))
  }

  get(key: string, create: () => T): T {
    const young = this.#young.get(key)
    if (young !== undefined) return young
    const value = this.#old.get(key) ?? create()
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }
}

function takeTokens(bucket: Bucket, rule: RateLimitRule, { cost, now }: Request): RateLimitVerdict {
  const perMs = rule.limit / rule.perMs
  const tokens = Math.min(rule.burst, bucket.tokens + Math.max(0, now - bucket.at) * perMs)
  const allowed = tokens >= cost
  bucket.tokens = allowed ? tokens - cost : tokens
  bucket.at = now
  return {
    allowed,
    remaining: bucket.tokens,
    resetMs: (rule.burst - bucket.tokens) / perMs,
    retryMs: allowed ? 0 : (cost - bucket.tokens) / perMs,
  }
}

/** What is in any part that the window touches counts, so that no span of its length ever holds more than the limit. */
function countInWindow(window: Window, rule: RateLimitRule, { cost, now }: Request): RateLimitVerdict {
  const { costs } = window
  const width = rule.perMs / parts
  const current = Math.max(window.newest, Math.floor(now / width))
  for (let part = Math.max(window.newest + 1, current - parts); part <= current; part++) costs[part % slots] = 0
  window.newest = current
  const used = costs.reduce((sum, value) => sum + value, 0)
  const allowed = used + cost <= rule.limit
  if (allowed) costs[current % slots] = (costs[current % slots] ?? 0) + cost
  const after = allowed ? used + cost : used
  const leaves = (part: number): number => (part + slots) * width - now

  let [retryMs, resetMs, freed] = [0, 0, 0]
  for (let part = Math.max(0, current - parts); part <= current; part++) {
    const there = costs[part % slots] ?? 0
    if (there === 0) continue
    freed += there
    resetMs = leaves(part)
    if (!allowed && retryMs === 0 && used - freed + cost <= rule.limit) retryMs = resetMs
  }
  return { allowed, remaining: Math.max(0, rule.limit - after), resetMs, retryMs }
}
