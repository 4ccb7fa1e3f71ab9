import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  ConsoleAnswer,
  ConsoleAudit,
  ConsoleEvent,
  ConsoleProjection,
  ConsoleRun,
  ConsoleRunDetail,
  ConsoleStream,
  Page,
} from '../../src/app/console/contract.ts'
import { openConsole, type ConsoleClient } from './console-client.ts'
import { mend, Order, shownApp } from './shown-app.ts'

const patient = { timeout: 30_000 }

let console: ConsoleClient
const page = async <T>(path: string): Promise<Page<T>> => (await console.json(path)) as Page<T>
const audited = async (): Promise<readonly ConsoleAudit[]> => (await page<ConsoleAudit>('/api/audit')).items

beforeAll(async () => {
  console = await openConsole(shownApp())
  const { app } = console
  for (let i = 1; i <= 5; i++) await app.send(Order.commands.place(`o-${i}`, { total: i }))
  await app.send(Order.commands.pay('o-1', { amount: 1 }))
})

afterAll(async () => {
  await console[Symbol.asyncDispose]()
})

describe('routes', () => {
  it('are told with their schemas and how often they were asked', async () => {
    await fetch(`${console.url}/broken`)
    await expect
      .poll(() => console.json('/api/routes'), patient)
      .toEqual([
        expect.objectContaining({
          method: 'POST',
          path: '/orders/:id',
          summary: 'Places an order',
          tags: ['orders'],
          guarded: false,
          deprecated: false,
          params: expect.objectContaining({ type: 'object', required: ['id'] }) as object,
          body: expect.objectContaining({ required: ['total'] }) as object,
        }),
        expect.objectContaining({ method: 'GET', path: '/broken', calls: 1, errors: 1 }),
      ])
  })
})

describe('events', () => {
  it('are told newest first, in parts', async () => {
    const first = await page<ConsoleEvent>('/api/events?limit=4')
    expect(first.items.map(({ type, stream }) => `${type} ${stream}`)).toEqual([
      'order.paid order-o-1',
      'order.placed order-o-5',
      'order.placed order-o-4',
      'order.placed order-o-3',
    ])
    expect(first.items[0]).toMatchObject({ version: 1, streamVersion: 2, data: { amount: 1 }, metadata: {} })
    const second = await page<ConsoleEvent>(`/api/events?limit=4&before=${first.next}`)
    expect(second.items.map(({ stream }) => stream)).toEqual(['order-o-2', 'order-o-1'])
    expect(second.next).toBeUndefined()
  })

  it('are told oldest first behind a position', async () => {
    const { items, next } = await page<ConsoleEvent>('/api/events?after=0&limit=2')
    expect(items.map(({ stream }) => stream)).toEqual(['order-o-1', 'order-o-2'])
    expect((await page<ConsoleEvent>(`/api/events?after=${next}&limit=2`)).items.map(({ stream }) => stream)).toEqual([
      'order-o-3',
      'order-o-4',
    ])
  })

  it.each([
    ['types=order.paid', ['order.paid']],
    ['stream=order-o-1', ['order.paid', 'order.placed']],
    ['stream=order-o-1&types=order.placed', ['order.placed']],
    ['stream=order-o-1&after=0', ['order.placed', 'order.paid']],
    ['streams=order-o-1', ['order.paid', 'order.placed']],
    ['tenant=nobody', []],
    ['correlation=nothing', []],
    ['to=2020-01-01T00:00:00Z', []],
    ['from=2020-01-01T00:00:00Z&types=order.paid', ['order.paid']],
    ['from=2999-01-01T00:00:00Z', []],
  ])('can be looked for by %s', async (query, types) => {
    expect((await page<ConsoleEvent>(`/api/events?${query}`)).items.map(({ type }) => type)).toEqual(types)
  })

  it('of one stream are told in parts', async () => {
    const first = await page<ConsoleEvent>('/api/events?stream=order-o-1&limit=1')
    const second = await page<ConsoleEvent>(`/api/events?stream=order-o-1&limit=1&before=${first.next}`)
    expect([...first.items, ...second.items].map(({ streamVersion }) => streamVersion)).toEqual([2, 1])
    expect(second.next).toBeUndefined()
  })

  it.each(['limit=0', 'limit=501', 'limit=x', 'before=-1', 'from=yesterday', 'after=1.5'])('refuses %s', async (query) => {
    const response = await console.get(`/api/events?${query}`)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ code: 'BAD_INPUT' })
  })
})

describe('streams', () => {
  it('are told by name, in parts', async () => {
    const first = await page<ConsoleStream>('/api/streams?prefix=order-&limit=3')
    expect(first.items).toEqual([
      { stream: 'order-o-1', version: 2, archived: false },
      { stream: 'order-o-2', version: 1, archived: false },
      { stream: 'order-o-3', version: 1, archived: false },
    ])
    const second = await page<ConsoleStream>(`/api/streams?prefix=order-&limit=3&after=${first.next}`)
    expect(second.items.map(({ stream }) => stream)).toEqual(['order-o-4', 'order-o-5'])
    expect(second.next).toBeUndefined()
    expect((await page<ConsoleStream>('/api/streams?prefix=nothing')).items).toEqual([])
  })
})

describe('aggregates', () => {
  it('are told with their events and commands', async () => {
    expect(await console.json('/api/aggregates')).toEqual([
      { name: 'order', module: 'orders', events: ['order.placed', 'order.paid'], commands: ['order.place', 'order.pay'] },
    ])
  })

  it('have a state at each version', async () => {
    expect(await console.json('/api/aggregates/order/o-1')).toMatchObject({
      stream: 'order-o-1',
      version: 2,
      latest: 2,
      first: 1,
      state: { status: 'paid', total: 1 },
      event: { type: 'order.paid' },
    })
    expect(await console.json('/api/aggregates/order/o-1?version=1')).toMatchObject({
      version: 1,
      latest: 2,
      state: { status: 'open' },
      event: { type: 'order.placed' },
    })
  })

  it.each(['order/none', 'order/o-1?version=9', 'order/o-1?version=0', 'nothing/o-1'])('%s is not there', async (path) => {
    expect((await console.get(`/api/aggregates/${path}`)).status).toBe(404)
  })
})

describe('projections', () => {
  const named = async (name: string): Promise<ConsoleProjection | undefined> =>
    ((await console.json('/api/projections')) as readonly ConsoleProjection[]).find((one) => one.name === name)

  it('are told with how far they have come', async () => {
    await expect.poll(() => named('totals'), patient).toMatchObject({ kind: 'projection', mode: 'async', lag: { events: 0 } })
    expect(await named('totals')).toMatchObject({ types: ['order.placed'], head: 6 })
    expect(await named('instant')).toMatchObject({ mode: 'inline' })
    expect(await named('notify')).toMatchObject({ kind: 'subscription', types: ['order.placed'] })
  })

  it('are paused, resumed, reset and rebuilt', async () => {
    expect((await console.post('/api/projections/totals/pause')).status).toBe(200)
    await expect.poll(() => named('totals'), patient).toMatchObject({ state: 'paused' })
    expect((await console.post('/api/projections/totals/resume')).status).toBe(200)
    await expect.poll(() => named('totals'), patient).toMatchObject({ state: 'running' })
    expect(await (await console.post('/api/projections/totals/rebuild')).json()).toEqual({ done: true })
    await expect.poll(() => named('totals'), patient).toMatchObject({ state: 'running', lag: { events: 0 } })
    expect((await audited()).slice(0, 3)).toMatchObject([
      { action: 'projection.rebuild', target: 'totals', actor: 'development', outcome: 'done' },
      { action: 'projection.resume' },
      { action: 'projection.pause' },
    ])
  })

  it.each(['nothing/pause', 'totals/explode'])('%s cannot be done', async (path) => {
    const response = await console.post(`/api/projections/${path}`)
    expect(response.status).toBe(404)
    expect((await audited())[0]).toMatchObject({ outcome: 'failed', error: expect.stringContaining('does not exist') as string })
  })
})

describe('commands and queries', () => {
  const send = async (path: string, body: unknown): Promise<ConsoleAnswer> =>
    (await (await console.post(`/api/${path}`, body)).json()) as ConsoleAnswer

  it('are told with what they take', async () => {
    expect(await console.json('/api/messages')).toMatchObject([
      { kind: 'query', name: 'double', input: { type: 'object' } },
      { kind: 'command', name: 'note' },
      { kind: 'command', name: 'order.pay', aggregate: 'order', module: 'orders' },
      { kind: 'command', name: 'order.place', aggregate: 'order', input: { required: ['total'] } },
    ])
  })

  it('are sent and asked', async () => {
    expect(await send('commands/order.place', { id: 'o-6', input: { total: 6 }, expected: 'none' })).toMatchObject({
      ok: true,
      result: { version: 1 },
    })
    expect(await send('commands/note', { input: { text: 'hello' } })).toMatchObject({ ok: true, result: { noted: 'hello' } })
    expect(await send('queries/double', { input: { n: 21 } })).toMatchObject({ ok: true, result: 42 })
    expect(await audited()).toContainEqual(
      expect.objectContaining({
        action: 'command.send',
        target: 'order.place',
        input: { id: 'o-6', input: { total: 6 }, expected: 'none' },
      }),
    )
  })

  it('answer what is wrong', async () => {
    expect(await send('commands/order.place', { id: 'o-6', input: { total: 6 } })).toMatchObject({ ok: false, code: 'ALREADY_PLACED' })
    expect(await send('commands/order.place', { id: 'o-7', input: { total: -1 } })).toMatchObject({
      ok: false,
      code: 'TUTTI_VALIDATION',
      details: [expect.objectContaining({ path: expect.stringContaining('total') as string })],
    })
    expect(await send('commands/order.place', { id: 'o-6', input: { total: 6 }, expected: 7 })).toMatchObject({ ok: false })
    expect(await send('queries/double', { input: { n: 'x' } })).toMatchObject({ ok: false, code: 'TUTTI_VALIDATION' })
  })

  it.each([
    ['commands/nothing', {}, 404],
    ['queries/note', {}, 404],
    ['commands/order.place', { input: {} }, 400],
    ['commands/order.place', { id: 'x', input: {}, expected: 'maybe' }, 400],
    ['commands/order.place', [], 422],
  ])('%s with %j is refused', async (path, body, status) => {
    expect((await console.post(`/api/${path}`, body)).status).toBe(status)
  })
})

describe('runs', () => {
  const start = (body: object): Promise<Response> => console.post('/api/runs/fulfil', body)
  const detail = async (path: string): Promise<ConsoleRunDetail> => (await console.json(`/api/runs/${path}`)) as ConsoleRunDetail

  it('are started, told with their picture, and sent signals', async () => {
    mend()
    expect(await (await start({ id: 'r/1', input: { order: 'o-1' } })).json()).toMatchObject({ workflow: 'fulfil', id: 'r/1' })
    const path = `fulfil/${encodeURIComponent('r/1')}`
    await expect
      .poll(() => detail(path), patient)
      .toMatchObject({
        run: { state: 'waiting', input: { order: 'o-1' }, waitsFor: [{ step: 'approve', kind: 'signal' }] },
        steps: [{ step: 'reserve', result: 'reserved' }],
        graph: {
          name: 'fulfil',
          nodes: [
            { kind: 'step', name: 'reserve' },
            { kind: 'wait', signal: 'approve' },
          ],
        },
        related: [],
      })
    expect((await console.post(`/api/runs/${path}/signal`, { name: 'approve', data: { ok: 'x' } })).status).toBe(422)
    expect((await console.post(`/api/runs/${path}/signal`, { name: 'approve', data: { ok: true } })).status).toBe(200)
    await expect.poll(async () => (await detail(path)).run.state, patient).toBe('completed')
  })

  it('are found by workflow, state and the beginning of their ids', async () => {
    await start({ id: 'found-1', input: { order: 'x' } })
    const ids = async (query: string): Promise<string[]> => (await page<ConsoleRun>(`/api/runs?${query}`)).items.map(({ id }) => id)
    await expect.poll(() => ids('workflow=fulfil&state=waiting'), patient).toContain('found-1')
    expect(await ids('text=found-')).toEqual(['found-1'])
    expect(await ids('stranded=1')).toEqual([])
    expect((await console.get('/api/runs?state=odd')).status).toBe(400)
    const listed = (await page<ConsoleRun>('/api/runs?text=found-')).items[0]
    expect(Object.keys(listed ?? {})).not.toContain('input')
  })

  it('are cancelled', async () => {
    await start({ id: 'cancelled', input: { order: 'x' } })
    await expect.poll(async () => (await detail('fulfil/cancelled')).run.state, patient).toBe('waiting')
    expect((await console.post('/api/runs/fulfil/cancelled/cancel', { reason: 'enough' })).status).toBe(200)
    await expect.poll(async () => (await detail('fulfil/cancelled')).run.state, patient).toBe('cancelled')
    expect((await console.post('/api/runs/fulfil/cancelled/explode')).status).toBe(404)
  })

  it('tell which runs they have started, and which one waits for them', async () => {
    const { items } = await page<ConsoleRun>('/api/runs?workflow=parent')
    const id = items[0]?.id ?? ''
    const path = `parent/${encodeURIComponent(id)}`
    await expect.poll(async () => (await detail(path)).related, patient).toMatchObject([{ relation: 'child', workflow: 'fulfil' }])
    const child = (await detail(path)).related[0]?.id ?? ''
    expect((await detail(`fulfil/${encodeURIComponent(child)}`)).related).toEqual([{ relation: 'parent', workflow: 'parent', id }])
  })

  it('belong to workflows', async () => {
    expect(await console.json('/api/workflows')).toMatchObject([
      {
        name: 'fulfil',
        versions: [1],
        graph: { nodes: expect.any(Array) as unknown[] },
        signals: { approve: { type: 'object' } },
        input: { type: 'object' },
        startedBy: [],
        counts: { cancelled: 1 },
      },
      { name: 'parent', startedBy: ['order.paid'] },
    ])
  })

  it.each(['fulfil/nothing', 'nothing/x'])('%s is not there', async (path) => {
    expect((await console.get(`/api/runs/${path}`)).status).toBe(404)
  })
})

describe('schedules and jobs', () => {
  it('are told and steered', async () => {
    expect(await console.json('/api/schedules')).toMatchObject([{ name: 'nightly', state: 'waiting', history: [] }])
    expect(await (await console.post('/api/schedules/nightly/run')).json()).toMatchObject({ done: true, key: expect.any(String) as string })
    await expect.poll(() => console.json('/api/schedules'), patient).toMatchObject([{ history: [{ outcome: 'succeeded', manual: true }] }])
    await console.post('/api/schedules/nightly/pause')
    expect(await console.json('/api/schedules')).toMatchObject([{ state: 'paused' }])
    await console.post('/api/schedules/nightly/resume')
    expect(await console.json('/api/schedules')).toMatchObject([{ state: 'waiting' }])
    expect((await console.post('/api/schedules/nothing/run')).status).toBe(404)
    expect((await console.post('/api/schedules/nightly/explode')).status).toBe(404)
  })

  it('commands for later are told, and cancelled', async () => {
    await console.app.later('1d', Order.commands.place('later', { total: 1 }), { id: 'j-1' })
    expect(await page('/api/jobs')).toMatchObject({ items: [{ id: 'j-1', state: 'waiting' }] })
    expect((await page('/api/jobs?state=failed')).items).toEqual([])
    expect((await console.get('/api/jobs?state=odd')).status).toBe(400)
    expect((await console.post('/api/jobs/j-1/retry')).status).toBe(404)
    expect((await console.post('/api/jobs/j-1/cancel')).status).toBe(200)
    expect((await page('/api/jobs')).items).toEqual([])
  })
})

describe('topics', () => {
  it('are told with who consumes them, and steered', async () => {
    expect(await console.json('/api/topics')).toMatchObject([{ topic: 'parcels', group: 'shipping', paused: false }])
    expect((await console.post('/api/topics/parcels/shipping/pause')).status).toBe(200)
    await expect.poll(() => console.json('/api/topics'), patient).toMatchObject([{ paused: true }])
    expect((await console.post('/api/topics/parcels/shipping/resume')).status).toBe(200)
    await expect.poll(() => console.json('/api/topics'), patient).toMatchObject([{ paused: false }])
    expect((await console.post('/api/topics/parcels/nobody/pause')).status).toBe(404)
  })
})

describe('metrics and log levels', () => {
  it('are told', async () => {
    expect(await console.json('/api/metrics')).toContainEqual(
      expect.objectContaining({ name: 'tutti.command.duration', kind: 'histogram' }),
    )
    expect(await console.json('/api/log-levels')).toEqual({ level: 'silent', components: {} })
  })

  it('levels are changed', async () => {
    expect(await (await console.post('/api/log-levels', { level: 'fatal' })).json()).toMatchObject({ level: 'fatal' })
    await console.post('/api/log-levels', { level: 'debug', component: 'orders' })
    expect(await console.json('/api/log-levels')).toEqual({ level: 'fatal', components: { orders: 'debug' } })
    await console.post('/api/log-levels', { level: 'silent' })
    expect((await console.post('/api/log-levels', { level: 'loud' })).status).toBe(400)
    expect((await console.post('/api/log-levels', {})).status).toBe(400)
  })
})

describe('the audit', () => {
  it('is told in parts, newest first', async () => {
    const first = await page<ConsoleAudit>('/api/audit?limit=2')
    expect(first.items).toHaveLength(2)
    const second = await page<ConsoleAudit>(`/api/audit?limit=2&after=${first.next}`)
    const times = [...first.items, ...second.items].map(({ time }) => time)
    expect(times).toEqual(times.toSorted().toReversed())
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(4)
  })
})
