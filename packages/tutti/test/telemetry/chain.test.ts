import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, App, command, event, projection, saga, topic, type TelemetryOptions } from '../../src/index.ts'
import type { SpanRecord } from '../../src/observe/index.ts'
import { memoryStorage, sqliteStorage } from '../../src/storage/index.ts'
import { RecordedSpans } from './recorded.ts'

const Order = aggregate('order', {
  events: { placed: event(z.object({ item: z.string() })) },
  commands: { place: z.object({ item: z.string() }) },
  initial: () => ({}),
})
  .evolve({ placed: (state) => state })
  .decide({ place: (_, data, emit) => emit.placed(data) })

const Parcels = topic('parcels', z.object({ order: z.string() }))
const Ship = command('ship', { input: z.object({ order: z.string() }) })
let broken = false

const Delivery = saga('delivery', { input: z.object({ order: z.string() }), retry: { attempts: 2, delay: 1 } })
  .step('reserve', { run: () => 'reserved', undo: () => undefined })
  .send('ship', { command: ({ input }) => Ship({ order: input.order }) })
  .step('tell', {
    run: () => {
      if (broken) throw new Error('nobody listens')
    },
  })

const running: App[] = []

afterEach(async () => {
  broken = false
  for (const app of running.splice(0)) await app.stop()
})

interface Shop {
  readonly app: App
  readonly spans: RecordedSpans
  /** Orders whose parcel has arrived. */
  readonly arrived: string[]
}

async function shop(telemetry: TelemetryOptions = {}): Promise<Shop> {
  const spans = new RecordedSpans()
  const arrived: string[] = []
  const app = new App({ name: 'shop', log: { level: 'silent' }, storage: memoryStorage(), telemetry: { export: spans, ...telemetry } })
  running.push(app)
  app.use(Order, Delivery)
  app.post('/orders/:id', ({ params, send }) => send(Order.commands.place(params.id, { item: 'tea' })))
  app.on(Order, { name: 'deliver' }, (placed, { run }) => run(Delivery, { order: placed.stream }))
  app.handle(Ship, async ({ input, publish }) => void (await publish(Parcels, input)))
  app.consume(Parcels, { group: 'customers' }, ({ data }) => void arrived.push(data.order))
  await app.start()
  return { app, spans, arrived }
}

/** The names from the first span of a trace down to one of its spans. */
function pathTo(span: SpanRecord, all: readonly SpanRecord[]): string[] {
  const parent = all.find(({ spanId }) => spanId === span.parentId)
  return [...(parent === undefined ? [] : pathTo(parent, all)), span.name]
}

async function order(app: App, id: string): Promise<void> {
  const response = await app.fetch(new Request(`http://shop.example/orders/${id}`, { method: 'POST' }))
  expect(response.status).toBe(200)
}

describe('one trace', () => {
  it('goes from a request to the consumer of a message, over everything between', async () => {
    const { app, spans, arrived } = await shop()
    await order(app, '1')
    await expect.poll(() => arrived, { timeout: 20_000 }).toEqual(['order-1'])
    await expect.poll(async () => (await app.runs.list()).runs.map(({ state }) => state), { timeout: 20_000 }).toEqual(['completed'])
    await app.stop()
    const consumed = spans.one('process parcels')
    expect(pathTo(consumed, spans.all)).toEqual([
      'POST /orders/:id',
      'execute order.place',
      'handle deliver',
      'run delivery',
      'send ship',
      'execute ship',
      'publish parcels',
      'process parcels',
    ])
    expect(new Set(spans.all.map(({ traceId }) => traceId))).toEqual(new Set([consumed.traceId]))
    expect(spans.one('step reserve').attributes).toMatchObject({
      'tutti.workflow': 'delivery',
      'tutti.step': 'reserve',
      'tutti.attempt': 1,
    })
    expect(spans.one('run delivery').attributes).toMatchObject({ 'tutti.run.state': 'completed', 'tutti.run.activation': 'started' })
    expect(spans.all.filter(({ status }) => status === 'error')).toEqual([])
  })

  it('is kept to its end where the caller keeps it, and nowhere where nobody does', async () => {
    const { app, spans, arrived } = await shop({ sample: 0 })
    await order(app, '1')
    await expect.poll(() => arrived, { timeout: 20_000 }).toEqual(['order-1'])
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' }
    await app.fetch(new Request('http://shop.example/orders/2', { method: 'POST', headers }))
    await expect.poll(() => arrived, { timeout: 20_000 }).toEqual(['order-1', 'order-2'])
    await app.stop()
    expect(new Set(spans.all.map(({ traceId }) => traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']))
    expect(spans.names).toContain('process parcels')
  })

  it('shows retries and what is undone, and fails with the run', async () => {
    broken = true
    const { app, spans } = await shop({ sample: 0 })
    await order(app, '1')
    await expect.poll(async () => (await app.runs.list()).runs.map(({ state }) => state), { timeout: 20_000 }).toEqual(['compensated'])
    await app.stop()
    const run = spans.one('run delivery')
    expect(run).toMatchObject({ status: 'error', attributes: { 'tutti.run.state': 'compensated' } })
    expect(
      spans.all.filter(({ name }) => name === 'step tell').map(({ attributes, status }) => [attributes['tutti.attempt'], status]),
    ).toEqual([
      [1, 'error'],
      [2, 'error'],
    ])
    expect(spans.one('undo reserve')).toMatchObject({ parentId: run.spanId, status: 'unset' })
  })
})

describe('what comes later', () => {
  it('is a trace of its own that points to where it comes from', async () => {
    const spans = new RecordedSpans()
    const done: string[] = []
    const app = new App({ name: 'shop', log: { level: 'silent' }, storage: memoryStorage(), telemetry: { export: spans } })
    running.push(app)
    app.handle(Ship, ({ input }) => void done.push(input.order))
    app.cron('sweep', { every: '1h' }, ({ send }) => send(Ship({ order: 'swept' })))
    app.post('/later', async ({ later }) => void (await later('1ms', Ship({ order: 'later' }))))
    await app.start()
    await app.fetch(new Request('http://shop.example/later', { method: 'POST' }))
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(['later'])
    await app.schedules.runNow('sweep')
    await expect.poll(() => done, { timeout: 20_000 }).toEqual(['later', 'swept'])
    await app.stop()
    const request = spans.one('POST /later')
    const later = spans.one('later ship')
    expect(later).toMatchObject({ parentId: undefined, links: [{ traceId: request.traceId, spanId: request.spanId }] })
    expect(later.traceId).not.toBe(request.traceId)
    expect(spans.one('fire sweep')).toMatchObject({ parentId: undefined, links: [], attributes: { 'tutti.schedule': 'sweep' } })
    const shipped = spans.all.filter(({ name }) => name === 'execute ship')
    expect(shipped.map(({ parentId }) => parentId)).toEqual([later.spanId, spans.one('fire sweep').spanId])
  })
})

describe('projections', () => {
  const Items = projection(
    'items',
    { from: [Order], setup: async ({ sql, table }) => void (await sql`create table ${table('items')} (item text)`) },
    { 'order.placed': async ({ data }, { sql, table }) => void (await sql`insert into ${table('items')} values (${data.item})`) },
  )

  it('handle events in spans with their statements, which go on with a trace or point to those of a batch', async () => {
    const spans = new RecordedSpans()
    const storage = sqliteStorage({ path: ':memory:' })
    const options = { name: 'shop', log: { level: 'silent' }, storage } as const
    const before = new App({ ...options, telemetry: { export: spans } }).use(Order)
    running.push(before)
    await before.start()
    await before.send(Order.commands.place('1', { item: 'tea' }))
    await before.send(Order.commands.place('2', { item: 'milk' }))
    await before.stop()
    const app = new App({ ...options, telemetry: { export: spans } }).use(Order, Items)
    running.push(app)
    await app.start()
    const { position } = await app.send(Order.commands.place('3', { item: 'cake' })).then((sent) => (sent.ok ? sent : { position: 0 }))
    await app.waitFor(Items, position, { timeout: '20s' })
    await app.stop()
    const placed = spans.all.filter(({ name }) => name === 'execute order.place')
    const batches = spans.all.filter(({ name }) => name === 'project items')
    const handled = batches.flatMap(({ links, parentId }) => [
      ...links.map(({ spanId }) => spanId),
      ...(parentId === undefined ? [] : [parentId]),
    ])
    expect(handled.toSorted()).toEqual(placed.map(({ spanId }) => spanId).toSorted())
    const inserts = spans.all.filter(({ name }) => name.startsWith('INSERT'))
    expect(inserts.length).toBe(3)
    expect(batches.map(({ spanId }) => spanId)).toEqual(expect.arrayContaining(inserts.map(({ parentId }) => parentId)))
    await storage.close()
  })
})

describe('payloads', () => {
  it('are told where that is wanted, without secrets', async () => {
    const { app, spans, arrived } = await shop({ payloads: true })
    await order(app, '1')
    await expect.poll(() => arrived, { timeout: 20_000 }).toEqual(['order-1'])
    const Login = { name: 'login', apiKey: 'x1' }
    await expect(app.send(Order.commands.place('2', { item: 5, ...Login } as never))).rejects.toThrow('item')
    await app.stop()
    expect(spans.one('handle deliver').attributes['tutti.event.data']).toBe('{"item":"tea"}')
    expect(spans.one('process parcels').attributes['tutti.message.data']).toBe('{"order":"order-1"}')
    const commands = spans.all
      .filter(({ name }) => name === 'execute order.place')
      .map(({ attributes }) => attributes['tutti.command.data'])
    expect(commands).toEqual(['{"item":"tea"}', '{"item":5,"name":"login","apiKey":"[redacted]"}'])
  })

  it('are not told otherwise', async () => {
    const { app, spans, arrived } = await shop()
    await order(app, '1')
    await expect.poll(() => arrived, { timeout: 20_000 }).toEqual(['order-1'])
    await app.stop()
    expect(JSON.stringify(spans.all)).not.toContain('tea')
  })
})
