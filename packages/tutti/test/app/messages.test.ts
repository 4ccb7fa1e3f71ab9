import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, App, command, dependency, event, query, reject } from '../../src/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { testApp } from '../../src/testing/index.ts'

type OrderState = { status: 'none' } | { status: 'open'; total: number } | { status: 'paid'; total: number }

const Order = aggregate('order', {
  events: {
    placed: event(z.object({ customer: z.string(), total: z.number() })),
    paid: event(z.object({ amount: z.number() })),
  },
  commands: {
    place: z.object({ customer: z.string(), total: z.number().positive() }),
    pay: z.object({ amount: z.number() }),
  },
  initial: () => ({ status: 'none' }) as OrderState,
})
  .evolve({
    placed: (_, e) => ({ status: 'open', total: e.total }),
    paid: (s) => (s.status === 'open' ? { status: 'paid', total: s.total } : s),
  })
  .decide({
    place: (s, c, emit) => (s.status === 'none' ? emit.placed(c) : reject('ALREADY_PLACED')),
    pay: (s, c, emit) => (s.status !== 'open' ? reject('NOT_OPEN', { state: s.status }) : emit.paid(c)),
  })

function shop(): App {
  return new App({ name: 't', log: { level: 'silent' }, storage: memoryStorage() })
    .use(Order)
    .post('/orders/:id', { body: Order.commands.place.schema }, ({ params, body, send }) => send(Order.commands.place(params.id, body)))
    .post('/orders/:id/pay', { body: Order.commands.pay.schema, rejections: { NOT_OPEN: 422 } }, ({ params, body, send }) =>
      send(Order.commands.pay(params.id, body)),
    )
    .get('/orders/:id', ({ params, load }) => load(Order, params.id))
}

const order = { customer: 'ada', total: 10 }

describe('aggregates over HTTP', () => {
  it('answers commands with version, position and ETag, and loads state', async () => {
    await using t = await testApp(shop())
    await t.post('/orders/1', { json: order }).expect(200, { version: 1, position: 1 }).expectHeader('etag', '"1"')
    await t.get('/orders/1').expect(200, { status: 'open', total: 10 }).expectHeader('etag', '"1"')
    expect((await t.get('/orders/2').expect(404)).body).toMatchObject({ code: 'TUTTI_AGGREGATE_NOT_FOUND' })
    await t.post('/orders/3', { json: { customer: 'x', total: -1 } }).expect(422)
  })

  it('answers rejections with 409 and their code, or as the route says', async () => {
    await using t = await testApp(shop())
    await t.post('/orders/1', { json: order })
    expect((await t.post('/orders/1', { json: order }).expect(409)).body).toMatchObject({ code: 'ALREADY_PLACED', status: 409 })
    expect((await t.post('/orders/2/pay', { json: { amount: 1 } }).expect(422)).body).toMatchObject({ code: 'NOT_OPEN', status: 422 })
  })

  it('honours If-Match and Idempotency-Key', async () => {
    await using t = await testApp(shop())
    const headers = { 'idempotency-key': 'k-1' }
    await t.post('/orders/1', { json: order, headers }).expect(200, { version: 1, position: 1 })
    await t.post('/orders/1', { json: order, headers }).expect(200, { version: 1, position: 1 })
    await t.post('/orders/1/pay', { json: { amount: 10 }, headers: { 'if-match': '"7"' } }).expect(412)
    await t.post('/orders/1/pay', { json: { amount: 10 }, headers: { 'if-match': '"x"' } }).expect(412)
    await t.post('/orders/1/pay', { json: { amount: 10 }, headers: { 'if-match': '"1"' } }).expect(200)
    await t.post('/orders/1', { json: order, headers: { 'idempotency-key': 'with space' } }).expect(400)
  })

  it('are reached from outside of requests as well, once the application has started', async () => {
    const app = shop()
    await expect(app.send(Order.commands.place('1', order))).rejects.toMatchObject({ code: 'TUTTI_APP_NOT_STARTED' })
    await using t = await testApp(app)
    expect(await t.app.send(Order.commands.place('1', order))).toEqual({ ok: true, version: 1, position: 1 })
    expect(await t.app.find(Order, '2')).toBeUndefined()
    expect((await t.app.load(Order, '1')).status).toBe('open')
  })
})

describe('commands and queries that functions handle', () => {
  const GetTotal = query('order.total', { input: z.object({ id: z.string() }), output: z.object({ total: z.number() }) })
  const Notify = command('notify', { input: z.object({ to: z.string().min(1) }), output: z.string() })
  const mailer = dependency('mailer', () => ({ send: (to: string) => `mailed ${to}` }))

  it('reach their one handler, validated both ways, with dependencies and the verbs', async () => {
    const app = shop()
      .handle(GetTotal, async ({ input, load }) => {
        const state = await load(Order, input.id)
        return { total: state.status === 'none' ? 0 : state.total, hidden: 'x' }
      })
      .handle(Notify, { deps: { mailer } }, ({ input, deps }) => deps.mailer.send(input.to))
      .get('/total/:id', ({ params, ask }) => ask(GetTotal({ id: params.id })))
      .post('/notify', ({ send }) => send(Notify({ to: 'ada' })))
    await using t = await testApp(app)
    await t.post('/orders/1', { json: order })
    await t.get('/total/1').expect(200, { total: 10 })
    await t.post('/notify').expect(200, 'mailed ada')
    await expect(t.app.send(Notify({ to: '' }))).rejects.toMatchObject({ code: 'TUTTI_VALIDATION' })
  })

  it('fail the start where one has no handler or two', async () => {
    await expect(new App({ name: 't', log: { level: 'silent' } }).use(GetTotal).start()).rejects.toThrow(
      /Nothing handles the query "order.total"/,
    )
    expect(() =>
      shop()
        .handle(Notify, () => 'a')
        .handle(Notify, () => 'b'),
    ).toThrow(/handled twice/)
  })

  it('are limited in time and wrapped by middleware', async () => {
    const seen: string[] = []
    const app = new App({
      name: 't',
      log: { level: 'silent' },
      queries: {
        use: [
          async (ctx, next) => {
            seen.push(`${ctx.kind} ${ctx.name}`)
            return next()
          },
        ],
      },
    }).handle(GetTotal, { timeout: '10ms' }, async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return { total: 1 }
    })
    await using t = await testApp(app)
    await expect(t.app.ask(GetTotal({ id: '1' }))).rejects.toMatchObject({ code: 'TUTTI_MESSAGE_TIMEOUT' })
    expect(seen).toEqual(['query order.total'])
  })
})
