import { Readable } from 'node:stream'
import { cors, reply, router, timeout, type Middleware } from 'tutti'
import { fakeClock, testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './app-of.ts'

const forever = new Promise<never>(() => {})

describe('timeout', () => {
  it('answers 504 as a problem and fires the signal with the reason', async () => {
    const signals: AbortSignal[] = []
    const app = appOf().use(cors(), timeout('2s'))
    app.get('/', ({ signal }) => {
      signals.push(signal)
      return forever
    })
    await using t = await testApp(app, { clock: fakeClock() })
    const answer = t.get('/', { headers: { origin: 'https://a.example' } }).then((response) => response)
    await expect.poll(() => signals.length).toBe(1)
    await t.clock.advance('1999ms')
    expect(signals[0]?.aborted).toBe(false)
    await t.clock.advance('1ms')
    const response = await answer
    expect(response.status).toBe(504)
    expect(response.body).toMatchObject({ code: 'TUTTI_TIMEOUT', status: 504 })
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(signals[0]?.reason).toMatchObject({ code: 'TUTTI_TIMEOUT' })
  })

  it('leaves no timer behind and does not touch what is in time', async () => {
    const app = appOf().use(timeout('2s'))
    app.get('/', ({ deadline }) => ({ deadline })).get('/fails', () => reply(418))
    await using t = await testApp(app, { clock: fakeClock({ now: 1000 }) })
    await t.get('/').expect(200, { deadline: 3000 })
    await t.get('/fails').expect(418)
    expect(t.clock.pending).toBe(0)
  })

  it('the shortest of several decides, whichever level they are at', async () => {
    const seen: (number | undefined)[] = []
    const see: Middleware = (ctx, next) => {
      seen.push(ctx.deadline)
      return next()
    }
    const inner = router('', { timeout: '1s', use: [see] })
    inner.get('/router', () => forever)
    inner.get('/route', { timeout: '500ms' }, () => forever)
    const app = appOf().use(timeout('10s'), inner)
    await using t = await testApp(app, { clock: fakeClock({ now: 0 }) })
    for (const [path, ms] of [
      ['/router', 1000],
      ['/route', 500],
    ] as const) {
      const start = t.clock.now()
      const answer = t.get(path).then(({ status }) => status)
      await expect.poll(() => t.clock.pending).toBe(2)
      expect(seen.at(-1)).toBe(start + ms)
      await t.clock.advance(ms)
      expect(await answer).toBe(504)
    }
  })

  it('destroys a stream that comes too late, and does not cut one that has begun', async () => {
    const late = Readable.from(['late'])
    let release = (): void => {}
    const gate = new Promise<void>((resolve) => (release = resolve))
    const app = appOf().use(timeout('1s'))
    app.get('/late', async () => {
      await gate
      return late
    })
    app.get('/long', () =>
      Readable.from(
        (async function* () {
          yield 'one '
          await gate
          yield 'two'
        })(),
      ),
    )
    await using t = await testApp(app, { clock: fakeClock() })
    const answer = t.get('/late').then(({ status }) => status)
    await expect.poll(() => t.clock.pending).toBe(1)
    await t.clock.advance('1s')
    expect(await answer).toBe(504)
    const long = await t.get('/long').stream()
    await t.clock.advance('10s')
    release()
    expect(await long.text()).toBe('one two')
    await expect.poll(() => late.destroyed).toBe(true)
  })

  it('answers over a real socket, with the real clock', async () => {
    const app = appOf()
    app.get(
      '/',
      { timeout: '20ms' },
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    )
    const { url } = await app.listen(0)
    expect((await fetch(url)).status).toBe(504)
    await app.stop()
  })

  it.each([0, -1, 'soon'])('refuses %j', (limit) => {
    expect(() => timeout(limit as never)).toThrow()
  })
})
