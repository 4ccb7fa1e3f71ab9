import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, reply } from '../../src/index.ts'
import { fakeClock, testApp } from '../../src/testing/index.ts'

const quiet = { name: 't', log: { level: 'silent' } } as const

describe('testApp', () => {
  it('sends what it is told to, fluently or by options', async () => {
    const application = new App(quiet).post('/echo/:id', ({ params, query, headers, cookies, body }) => ({
      params,
      query,
      shop: headers['x-shop'],
      cookies,
      body,
    }))
    await using t = await testApp(application, { headers: { 'x-shop': 'berlin' } })
    const expected = { params: { id: '1' }, query: { a: ['1', '2'], b: 'x' }, shop: 'berlin', cookies: { sid: 'abc' }, body: { n: 1 } }
    await t
      .post('/echo/1', { json: { n: 1 }, query: { a: [1, 2], b: 'x', c: undefined }, headers: { cookie: 'sid=abc' } })
      .expect(200, expected)
    await t
      .post('/echo/1')
      .json({ n: 1 })
      .query({ a: ['1', '2'] })
      .query({ b: 'x' })
      .cookie('sid', 'abc')
      .expect(200, expected)
      .expectHeader('content-type', /json/)
    await t.post('/echo/1', { form: { n: '1' } }).expect(200, { ...expected, query: {}, cookies: {}, body: { n: '1' } })
    await t.post('/echo/1').header('content-type', 'text/plain').expect(200)
  })

  it('fails an expectation with what it received', async () => {
    await using t = await testApp(new App(quiet).get('/', () => reply(409, { code: 'SOLD_OUT' })))
    await expect(t.get('/').expect(200)).rejects.toThrow(/GET \/: expected status 200, received 409: \{"code":"SOLD_OUT"\}/)
    await expect(t.get('/').expect(409, { code: 'OTHER' })).rejects.toThrow(/the body is another than expected/)
    await expect(t.get('/').expectHeader('x-none', 'x')).rejects.toThrow(/expected the header x-none to be x, received null/)
  })

  it('keeps cookies between requests, and forgets those that are cleared', async () => {
    const application = new App(quiet)
      .post('/in', ({ setCookie }) => setCookie('sid', '1'))
      .get('/me', ({ cookies }) => ({ sid: cookies['sid'] ?? null }))
      .post('/out', ({ clearCookie }) => clearCookie('sid'))
    await using t = await testApp(application)
    await t.post('/in')
    await t.get('/me').expect(200, { sid: '1' })
    await t.post('/out')
    await t.get('/me').expect(200, { sid: null })
  })

  it('lets time pass', async () => {
    const application = new App(quiet).get('/slow', { timeout: '1m' }, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return 'too late'
    })
    await using t = await testApp(application, { clock: fakeClock() })
    const response = t.get('/slow').then(({ status }) => status)
    while (t.clock.pending === 0) await sleep(1)
    await t.clock.advance('59s')
    expect(await Promise.race([response, sleep(20, 'waiting')])).toBe('waiting')
    await t.clock.advance('1s')
    expect(await response).toBe(504)
  })

  it('starts and stops the application', async () => {
    const events: string[] = []
    const application = new App(quiet).onStart(() => void events.push('start')).onStop(() => void events.push('stop'))
    const t = await testApp(application)
    await t.stop()
    expect(events).toEqual(['start', 'stop'])
    await expect(testApp(new App({ ...quiet }).get('/x', { body: z.string() }, () => 1).get('/x', () => 2))).rejects.toThrow(
      /declared twice/,
    )
  })
})
