import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, App, event, projection } from '../../src/index.ts'
import type { ConsoleOverview } from '../../src/app/console/contract.ts'
import { Feeds } from '../../src/app/console/feeds.ts'
import { streamOf } from '../../src/app/console/stream.ts'
import { openConsole } from './console-client.ts'

const Counter = aggregate('counter', {
  events: { added: event(z.object({ by: z.number() })) },
  commands: { add: z.object({ by: z.number() }) },
  initial: () => 0,
})
  .evolve({ added: (state, { by }) => state + by })
  .decide({ add: (_, command, emit) => emit.added(command) })

const totals = projection('totals', { from: [Counter] }, { 'counter.added': () => undefined })

const counting = (): App =>
  new App({ name: 'counting', storage: 'memory:', log: { level: 'silent' } })
    .use(Counter, totals)
    .post('/:id', ({ params, send }) => send(Counter.commands.add(params.id, { by: 1 })))

describe('the overview', () => {
  it('tells how the application is', async () => {
    await using console = await openConsole(counting())
    for (let i = 0; i < 3; i++) await fetch(`${console.url}/one`, { method: 'POST' })
    expect(await console.json('/api/overview')).toMatchObject({
      health: { status: 'pass', checks: { storage: [{ status: 'pass' }] } },
      events: { head: 3 },
      projections: { stopped: 0 },
      deadLetters: 0,
      runs: {},
      process: { memory: expect.any(Number) as number, uptime: expect.any(Number) as number },
    })
    expect(await console.json('/api/app')).toMatchObject({
      has: { events: true, projections: true, messages: true, workflows: false, topics: false },
    })
  })

  it('comes every second, with rates and their history', async () => {
    await using console = await openConsole(counting())
    await using stream = await console.stream('overview')
    await expect.poll(() => stream.news.length, { timeout: 20_000 }).toBeGreaterThan(0)
    for (let i = 0; i < 5; i++) await fetch(`${console.url}/one`, { method: 'POST' })
    await expect.poll(() => stream.news.at(-1)?.data, { timeout: 20_000 }).toMatchObject({ events: { head: 5 } })
    const last = stream.news.at(-1)?.data as ConsoleOverview
    expect(last.events.rate).toBeGreaterThan(0)
    expect(last.http.rate).toBeGreaterThan(0)
    expect(Math.max(...last.history.eventRate)).toBeGreaterThan(0)
    expect(Math.max(...last.history.httpRate)).toBeGreaterThan(0)
    expect(new Set(stream.news.map(({ event }) => event))).toEqual(new Set(['overview']))
  })
})

describe('the stream', () => {
  it.each([
    ['', 400],
    ['?topics=', 400],
    ['?topics=overview,nothing', 404],
    [`?topics=${Array.from({ length: 30 }, (_, i) => `t${i}`).join(',')}`, 400],
  ])('refuses %j', async (query, status) => {
    await using console = await openConsole()
    expect((await console.get(`/api/stream${query}`)).status).toBe(status)
  })

  it('gives up what a page does not take, and says how much', async () => {
    const flood = new Feeds(() => (tell) => {
      for (let i = 0; i < 1000; i++) tell([i, i])
      return { [Symbol.dispose]: () => undefined }
    })
    const app = new App({ name: 'flood', log: { level: 'silent' } }).get('/console/api/stream', (ctx) =>
      streamOf(ctx, flood, new AbortController().signal),
    )
    await using console = await openConsole(app)
    await using stream = await console.stream('events')
    await expect.poll(() => stream.news.at(-1), { timeout: 20_000 }).toEqual({ event: 'dropped', data: { topic: 'events', count: 1600 } })
    expect(stream.news).toHaveLength(201)
  })

  it('does not keep the application from stopping', async () => {
    const console = await openConsole(counting())
    const streams = await Promise.all([console.stream('overview'), console.stream('overview')])
    await expect.poll(() => streams.every(({ news }) => news.length > 0), { timeout: 20_000 }).toBe(true)
    await console.app.stop()
    await Promise.all(streams.map(({ ended }) => ended))
  })
})
