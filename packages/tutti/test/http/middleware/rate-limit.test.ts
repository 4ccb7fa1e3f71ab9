import fc from 'fast-check'
import { cors, rateLimit, router, type Middleware } from 'tutti'
import type { RateLimitStore } from 'tutti/http'
import { fakeClock, testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { memoryRateLimitStore } from '../../../src/http/middleware/rate-limit-memory.ts'
import { appOf } from './app-of.ts'

type Options = Parameters<typeof rateLimit>[0]

async function limited(options: Options, http?: Parameters<typeof appOf>[0], before: Middleware[] = []) {
  const app = appOf(http).use(...before, rateLimit(options))
  app.get('/', () => 'ok')
  return testApp(app, { clock: fakeClock() })
}

const numbers = (headers: Headers): (number | null)[] =>
  ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) =>
    headers.has(name) ? Number(headers.get(name)) : null,
  )

describe('rateLimit: token bucket', () => {
  it('lets a burst through, then what refills, and says so', async () => {
    await using t = await limited({ limit: 3, per: '3s' })
    expect(numbers((await t.get('/').expect(200)).headers)).toEqual([3, 2, 1, null])
    await t.get('/').expect(200).expectHeader('ratelimit-policy', '3;w=3')
    await t.get('/').expect(200)
    const refused = await t.get('/').expect(429)
    expect(numbers(refused.headers)).toEqual([3, 0, 3, 1])
    expect(refused.body).toMatchObject({ code: 'TUTTI_RATE_LIMITED', status: 429, retryAfter: 1 })
    await t.clock.advance('999ms')
    await t.get('/').expect(429)
    await t.clock.advance('1ms')
    await t.get('/').expect(200)
    await t.get('/').expect(429)
  })

  it('allows bursts above the limit where it is told, and says so', async () => {
    await using t = await limited({ limit: 1, per: '1s', burst: 5 })
    for (let i = 0; i < 5; i++) await t.get('/').expect(200).expectHeader('ratelimit-policy', '1;w=1;burst=5')
    await t.get('/').expect(429)
  })

  it('does as a naive bucket does', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 3000 }), cost: fc.integer({ min: 0, max: 4 }) }), { maxLength: 60 }),
        (limit, burst, asks) => {
          const store = memoryRateLimitStore({ maxKeys: 10 })
          const rule = { algorithm: 'token-bucket', limit, perMs: 1000, burst } as const
          // Thousandths of tokens, in whole numbers: each millisecond brings `limit` of them.
          let tokens = burst * 1000
          let now = 0
          for (const { wait, cost: asked } of asks) {
            now += wait
            const cost = Math.min(asked, burst)
            tokens = Math.min(burst * 1000, tokens + wait * limit)
            const verdict = store.take('k', rule, { cost, now })
            if ('then' in verdict) throw new Error('The store in memory answers at once.')
            if (Math.abs(tokens - cost * 1000) > 1e-3) expect(verdict.allowed).toBe(tokens >= cost * 1000)
            if (verdict.allowed) tokens -= cost * 1000
            expect(verdict.remaining).toBeCloseTo(tokens / 1000, 6)
            expect(verdict.resetMs).toBeCloseTo((burst * 1000 - tokens) / limit, 5)
            expect(verdict.retryMs).toBeCloseTo(verdict.allowed ? 0 : (cost * 1000 - tokens) / limit, 5)
          }
        },
      ),
    )
  })
})

describe('rateLimit: sliding window', () => {
  it('counts in tenths of the span', async () => {
    await using t = await limited({ limit: 2, per: '10s', algorithm: 'sliding-window' })
    await t.clock.advance('500ms')
    expect(numbers((await t.get('/')).headers)).toEqual([2, 1, 11, null])
    await t.clock.advance('5s')
    await t.get('/').expect(200)
    const refused = await t.get('/').expect(429)
    expect(numbers(refused.headers)).toEqual([2, 0, 11, 6])
    await t.clock.advance('5499ms')
    await t.get('/').expect(429)
    await t.clock.advance('1ms')
    await t.get('/').expect(200)
    await t.get('/').expect(429)
  })

  it('never allows more than the limit in any span, refuses only what a little longer span would, and says when to come back', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.record({ wait: fc.integer({ min: 0, max: 700 }), cost: fc.integer({ min: 0, max: 3 }) }), { maxLength: 80 }),
        (limit, asks) => {
          const perMs = 1000
          const store = memoryRateLimitStore({ maxKeys: 10 })
          const rule = { algorithm: 'sliding-window', limit, perMs, burst: limit } as const
          const log: { at: number; cost: number }[] = []
          const within = (now: number, span: number): number =>
            log.filter(({ at }) => at > now - span).reduce((sum, { cost }) => sum + cost, 0)
          let now = 0
          for (const { wait, cost: asked } of asks) {
            now += wait
            const cost = Math.min(asked, limit)
            const verdict = store.take('k', rule, { cost, now })
            if ('then' in verdict) throw new Error('The store in memory answers at once.')
            if (verdict.allowed) {
              log.push({ at: now, cost })
              expect(within(now, perMs)).toBeLessThanOrEqual(limit)
              expect(verdict.retryMs).toBe(0)
            } else {
              expect(within(now, perMs * 1.1) + cost).toBeGreaterThan(limit)
              const back = now + verdict.retryMs
              expect(verdict.retryMs).toBeGreaterThan(0)
              // A naive count of tenths: what is left of those allowed when the caller comes back, and just before.
              const counted = (then: number): number =>
                log.filter(({ at }) => Math.floor(at / 100) >= Math.floor(then / 100) - 10).reduce((sum, item) => sum + item.cost, 0)
              expect(counted(back) + cost).toBeLessThanOrEqual(limit)
              expect(counted(back - 1) + cost).toBeGreaterThan(limit)
            }
            expect(verdict.remaining).toBe(
              limit - log.filter(({ at }) => Math.floor(at / 100) >= Math.floor(now / 100) - 10).reduce((sum, item) => sum + item.cost, 0),
            )
          }
        },
      ),
    )
  })
})

describe('rateLimit: whose requests count together', () => {
  it('those of an address; forwarded addresses of strangers change nothing', async () => {
    await using t = await limited({ limit: 1 })
    await t.get('/', { headers: { 'x-forwarded-for': '1.1.1.1' } }).expect(200)
    await t.get('/', { headers: { 'x-forwarded-for': '2.2.2.2' } }).expect(429)
  })

  it('behind trusted proxies those of the client; IPv6 by its network', async () => {
    await using t = await limited({ limit: 1 }, { trustProxy: true })
    const from = (address: string) => t.get('/', { headers: { 'x-forwarded-for': address } })
    await from('1.1.1.1').expect(200)
    await from('1.1.1.1').expect(429)
    await from('::ffff:1.1.1.1').expect(429)
    await from('1.1.1.2').expect(200)
    await from('2001:db8:1:2::1').expect(200)
    await from('2001:0DB8:1:2:ffff::9').expect(429)
    await from('2001:db8:1:3::1').expect(200)
  })

  it('a real client behind one trusted proxy cannot choose its address', async () => {
    const app = appOf({ trustProxy: 1 }).use(rateLimit({ limit: 1 }))
    app.get('/', ({ ip }) => ip)
    const { url } = await app.listen(0)
    const status = async (forwarded: string): Promise<number> => (await fetch(url, { headers: { 'x-forwarded-for': forwarded } })).status
    expect(await status('6.6.6.1, 9.9.9.9')).toBe(200)
    expect(await status('6.6.6.2, 9.9.9.9')).toBe(429)
    await app.stop()
  })

  it('those of a user of a tenant where known, else of the address', async () => {
    const known: Middleware = (ctx, next) => {
      const [id, tenant] = [ctx.source.headers['x-user'], ctx.source.headers['x-tenant']]
      if (typeof id === 'string') ctx.actor = { id }
      if (typeof tenant === 'string') ctx.tenant = tenant
      return next()
    }
    await using t = await limited({ limit: 1, key: 'user' }, {}, [known])
    for (const headers of [{ 'x-user': 'ann' }, { 'x-user': 'bob' }, { 'x-user': 'ann', 'x-tenant': 'one' }, {}] as Record<
      string,
      string
    >[]) {
      await t.get('/', { headers }).expect(200)
      await t.get('/', { headers }).expect(429)
    }
  })

  it('what a function says; undefined and skipped ones are not counted', async () => {
    await using t = await limited({
      limit: 1,
      key: (ctx) => ctx.source.headers['x-key'] as string | undefined,
      skip: (ctx) => ctx.source.headers['x-skip'] !== undefined,
    })
    await t.get('/', { headers: { 'x-key': 'a' } }).expect(200)
    await t.get('/', { headers: { 'x-key': 'a' } }).expect(429)
    await t.get('/', { headers: { 'x-key': 'b' } }).expect(200)
    for (let i = 0; i < 3; i++) {
      expect((await t.get('/').expect(200)).headers.get('ratelimit-limit')).toBeNull()
      await t.get('/', { headers: { 'x-key': 'a', 'x-skip': '1' } }).expect(200)
    }
  })

  it('costs differ; what costs more than there can be costs everything; nonsense is an error, not free', async () => {
    await using t = await limited({ limit: 5, cost: (ctx) => Number(ctx.source.headers['x-cost']) })
    const cost = (value: string) => t.get('/', { headers: { 'x-cost': value } })
    await cost('3').expect(200).expectHeader('ratelimit-remaining', '2')
    await cost('3').expect(429)
    await cost('0').expect(200)
    await t.clock.advance('1m')
    await cost('100').expect(200).expectHeader('ratelimit-remaining', '0')
    await cost('-5').expect(500)
    await cost('much').expect(500)
  })
})

describe('rateLimit: memory', () => {
  it('is bounded, and those seen last are remembered', () => {
    const store = memoryRateLimitStore({ maxKeys: 100 })
    const rule = { algorithm: 'token-bucket', limit: 1, perMs: 60_000, burst: 1 } as const
    const allowed = (key: string): boolean => {
      const verdict = store.take(key, rule, { cost: 1, now: 0 })
      if ('then' in verdict) throw new Error('The store in memory answers at once.')
      return verdict.allowed
    }
    expect([allowed('busy'), allowed('idle')]).toEqual([true, true])
    for (let i = 0; i < 1000; i++) {
      expect(allowed(`stranger ${i}`)).toBe(true)
      if (i % 10 === 0) expect(allowed('busy')).toBe(false)
    }
    // Forgotten, so that it begins anew.
    expect(allowed('idle')).toBe(true)
  })

  it('and a store never sees long keys, and can be shared by limits of different names', async () => {
    const keys: string[] = []
    const memory = memoryRateLimitStore({ maxKeys: 10 })
    const store: RateLimitStore = {
      async take(key, rule, request) {
        keys.push(key)
        return memory.take(key, rule, request)
      },
    }
    const app = appOf()
    const long = 'x'.repeat(5000)
    for (const name of ['one', 'two']) app.get(`/${name}`, { use: [rateLimit({ limit: 1, store, name, key: () => long })] }, () => 'ok')
    await using t = await testApp(app)
    await t.get('/one').expect(200)
    await t.get('/two').expect(200)
    await t.get('/one').expect(429)
    expect(Math.max(...keys.map((key) => key.length))).toBeLessThanOrEqual(256)
  })
})

describe('rateLimit: in an application', () => {
  it('limits 404 and errors as well, and its answers carry the headers of middleware around it', async () => {
    await using t = await limited({ limit: 1 }, {}, [cors()])
    await t.get('/none').expect(404).expectHeader('ratelimit-remaining', '0')
    await t
      .get('/', { headers: { origin: 'https://a.example' } })
      .expect(429)
      .expectHeader('access-control-allow-origin', '*')
  })

  it('with several limits tells of the one that is nearest to its end', async () => {
    const inner = router('', { use: [rateLimit({ limit: 100, per: '1h' })] })
    inner.get('/', () => 'ok')
    const app = appOf().use(rateLimit({ limit: 2, per: '1s' }), inner)
    await using t = await testApp(app, { clock: fakeClock() })
    await t.get('/').expectHeader('ratelimit-limit', '2').expectHeader('ratelimit-policy', '2;w=1')
  })

  it.each([
    [{}],
    [{ limit: 0 }],
    [{ limit: 1, burst: 0 }],
    [{ limit: 1, per: 0 }],
    [{ limit: 1, algorithm: 'leaky' }],
    [{ limit: 1, algorithm: 'sliding-window', burst: 3 }],
    [{ limit: 1, maxKeys: 0 }],
    [{ limit: 1, key: 'session' }],
    [{ limit: 1, window: '1m' }],
  ])('refuses %j', (options) => {
    expect(() => rateLimit(options as never)).toThrow(/rateLimit received/)
  })
})
