/** What a store says of one request. */
export interface RateLimitVerdict {
  readonly allowed: boolean
  /** How many requests are left now. */
  readonly remaining: number
  /** Milliseconds until everything is available again. */
  readonly resetMs: number
  /** Milliseconds until a request that was refused would be allowed; 0 where it was not. */
  readonly retryMs: number
}

/** How requests are counted. */
export interface RateLimitRule {
  /**
   * `token-bucket` lets bursts of up to `burst` through and refills evenly; `sliding-window` never allows more than `limit` in any span
   * of `perMs`, counted in tenths of it.
   */
  readonly algorithm: 'token-bucket' | 'sliding-window'
  readonly limit: number
  readonly perMs: number
  readonly burst: number
}

/**
 * Where counts are kept: in memory by default, elsewhere where several processes must share them. `now` is the monotonic time of this
 * process in milliseconds; what several processes share goes by a clock of its own. Keys are no longer than 256 characters. A store that
 * fails makes the request fail with 500; one that is to let requests through then says so itself.
 */
export interface RateLimitStore {
  take(
    key: string,
    rule: RateLimitRule,
    request: { readonly cost: number; readonly now: number },
  ): RateLimitVerdict | Promise<RateLimitVerdict>
}
