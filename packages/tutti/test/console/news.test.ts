import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsoleEvent, ConsoleLog, ConsoleRunDetail, ConsoleTrace, ConsoleTraffic } from '../../src/app/console/contract.ts'
import { openConsole, type ConsoleClient, type EventStream } from './console-client.ts'
import { mend, Order, shownApp } from './shown-app.ts'

const patient = { timeout: 30_000 }

/** Everything that a stream has told of a topic that tells lists. */
function told<T>(stream: EventStream, topic: string): readonly T[] {
  return stream.news.flatMap(({ event, data }) => (event === topic ? (data as readonly T[]) : []))
}

const count = (stream: EventStream, topic: string): number => stream.news.filter(({ event }) => event === topic).length

describe('the stream', () => {
  let console: ConsoleClient
  beforeAll(async () => {
    console = await openConsole(shownApp())
    mend()
  })
  afterAll(() => console[Symbol.asyncDispose]())

  it('tells events as they are appended, to every page', async () => {
    await using one = await console.stream('events')
    await using other = await console.stream('events,overview')
    await expect.poll(() => [count(one, 'events'), count(other, 'events')].every((all) => all > 0), patient).toBe(true)
    for (let i = 0; i < 10; i++) await console.app.send(Order.commands.place(`live-${i}`, { total: 1 }))
    const streams = Array.from({ length: 10 }, (_, i) => `order-live-${i}`)
    for (const page of [one, other])
      await expect.poll(() => told<ConsoleEvent>(page, 'events').map(({ stream }) => stream), patient).toEqual(streams)
    await expect.poll(() => count(other, 'overview'), patient).toBeGreaterThan(0)
  })

  it('tells that there is something new', async () => {
    await using page = await console.stream('projections,runs,schedules,dead-letters')
    const topics = ['projections', 'runs', 'schedules', 'dead-letters']
    await expect.poll(() => topics.every((topic) => count(page, topic) > 0), patient).toBe(true)
    const before = count(page, 'schedules')
    await console.post('/api/schedules/nightly/pause')
    await expect.poll(() => count(page, 'schedules'), patient).toBeGreaterThan(before)
    await console.post('/api/schedules/nightly/resume')
    const runs = count(page, 'runs')
    await console.post('/api/runs/fulfil', { id: 'news', input: { order: 'x' } })
    await expect.poll(() => count(page, 'runs'), patient).toBeGreaterThan(runs)
    expect(page.news.every(({ data }) => JSON.stringify(data) === '{}')).toBe(true)
  })

  it('tells how a run goes', async () => {
    await console.post('/api/runs/fulfil', { id: 'told', input: { order: 'x' } })
    await using page = await console.stream('run:fulfil/told')
    const states = (): string[] => page.news.map(({ data }) => (data as ConsoleRunDetail).run.state)
    await expect.poll(() => states().at(-1), patient).toBe('waiting')
    await console.post('/api/runs/fulfil/told/signal', { name: 'approve', data: { ok: true } })
    await expect.poll(() => states().at(-1), patient).toBe('completed')
  })

  it('tells what flows at the nodes of the map', async () => {
    await using page = await console.stream('traffic')
    await expect.poll(() => count(page, 'traffic'), patient).toBeGreaterThan(0)
    await fetch(`${console.url}/orders/flow`, { method: 'POST', body: '{"total":1}', headers: { 'content-type': 'application/json' } })
    await fetch(`${console.url}/broken`)
    const nodes = (): ConsoleTraffic['nodes'] =>
      Object.assign({}, ...page.news.map(({ data }) => (data as ConsoleTraffic).nodes)) as ConsoleTraffic['nodes']
    await expect.poll(nodes, patient).toMatchObject({
      'route:POST /orders/:id': { count: 1, errors: 0 },
      'route:GET /broken': { count: 1, errors: 1 },
      'command:order.place': { count: 1, errors: 0 },
      'event:order.placed': { count: 1, errors: 0 },
    })
  })

  it('has no topic for what is not there', async () => {
    for (const topic of ['logs', 'traces', 'run:nothing/x', 'run:fulfil', 'constructor'])
      expect((await console.get(`/api/stream?topics=${topic}`)).status, topic).toBe(404)
  })
})

describe('where telemetry is kept', () => {
  let console: ConsoleClient
  beforeAll(async () => {
    const log = { level: 'info', destination: { write: () => undefined } } as const
    console = await openConsole(shownApp({ telemetry: { store: { path: ':memory:' } }, log }))
    mend()
  })
  afterAll(() => console[Symbol.asyncDispose]())

  const place = async (id: string): Promise<void> => {
    const response = await fetch(`${console.url}/orders/${id}`, {
      method: 'POST',
      body: '{"total":1}',
      headers: { 'content-type': 'application/json' },
    })
    expect(response.status).toBe(200)
  }

  it('traces and lines come by the stream, and can be asked for', async () => {
    // The store is opened while requests are taken already.
    await expect.poll(async () => (await console.get('/api/logs')).status, patient).toBe(200)
    await using page = await console.stream('logs,traces')
    await expect.poll(() => count(page, 'logs') > 0 && count(page, 'traces') > 0, patient).toBe(true)
    await place('traced')
    console.app.log.warn('something to read', { component: 'shown' })
    await expect.poll(() => told<ConsoleTrace>(page, 'traces').map(({ name }) => name), patient).toContain('POST /orders/:id')
    await expect.poll(() => told<ConsoleLog>(page, 'logs').map(({ message }) => message), patient).toContain('something to read')

    expect(await console.json('/api/logs?text=something&level=warn')).toMatchObject({
      items: [{ level: 'warn', message: 'something to read' }],
    })
    expect(await console.json('/api/logs?component=shown')).toMatchObject({ items: [{ message: 'something to read' }] })
    const { items } = (await console.json('/api/traces?name=POST%20/orders/:id')) as { items: ConsoleTrace[] }
    expect(items).toMatchObject([{ errors: 0 }])
    expect(await console.json(`/api/traces/${items[0]?.traceId}`)).toMatchObject({
      spans: expect.arrayContaining([expect.objectContaining({ name: 'POST /orders/:id' })]) as unknown[],
    })
    expect((await console.get('/api/traces/nothing')).status).toBe(404)
    expect((await console.get('/api/traces?status=odd')).status).toBe(400)
    expect((await console.get('/api/logs?level=loud')).status).toBe(400)
    expect((await console.get('/api/metrics/series')).status).toBe(400)
    expect(await console.json('/api/metrics/series?name=nothing')).toMatchObject({ name: 'nothing', lines: [] })
  })

  it('an event is shown with what led to it and what followed', async () => {
    await place('caused')
    await console.post('/api/commands/order.pay', { id: 'caused', input: { amount: 1 } })
    const { items } = (await console.json('/api/events?stream=order-caused')) as { items: ConsoleEvent[] }
    const placed = items.find(({ type }) => type === 'order.placed')
    const graph = (): Promise<unknown> => console.json(`/api/events/${placed?.position}/graph`)
    await expect.poll(graph, patient).toMatchObject({
      event: { type: 'order.placed' },
      nodes: expect.arrayContaining([
        expect.objectContaining({ kind: 'event', name: 'order.placed', view: `events/${placed?.position}` }),
        expect.objectContaining({ kind: 'request', name: 'POST /orders/:id' }),
        expect.objectContaining({ kind: 'command', name: 'order.place' }),
        expect.objectContaining({ kind: 'handler', name: 'notify' }),
      ]) as unknown[],
    })
    for (const path of ['0', '999999', 'x']) expect((await console.get(`/api/events/${path}/graph`)).status).toBe(404)
  })

  it('the map tells what leads to what', async () => {
    await place('mapped')
    interface Edge {
      readonly from: string
      readonly to: string
      readonly source: string
    }
    const map = async (): Promise<{ nodes: { id: string; module?: string }[]; edges: Edge[] }> =>
      (await console.json('/api/map')) as { nodes: { id: string; module?: string }[]; edges: Edge[] }
    const { nodes, edges } = await map()
    expect(nodes.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        'route:POST /orders/:id',
        'command:order.place',
        'command:note',
        'query:double',
        'aggregate:order',
        'event:order.placed',
        'projection:totals',
        'subscription:notify',
        'workflow:fulfil',
        'workflow:parent',
        'schedule:nightly',
        'topic:parcels',
        'consumer:parcels/shipping',
      ]),
    )
    expect(nodes.find(({ id }) => id === 'aggregate:order')?.module).toBe('orders')
    const declared = edges.filter(({ source }) => source === 'declared').map(({ from, to }) => `${from} > ${to}`)
    expect(declared).toEqual(
      expect.arrayContaining([
        'command:order.place > aggregate:order',
        'aggregate:order > event:order.placed',
        'event:order.placed > projection:totals',
        'event:order.paid > workflow:parent',
        'event:order.paid > subscription:relay-parcels',
        'subscription:relay-parcels > topic:parcels',
        'topic:parcels > consumer:parcels/shipping',
      ]),
    )
    await expect
      .poll(async () => (await map()).edges, patient)
      .toContainEqual({ from: 'route:POST /orders/:id', to: 'command:order.place', source: 'observed' })
  })
})
