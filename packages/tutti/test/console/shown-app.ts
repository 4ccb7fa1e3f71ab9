import * as z from 'zod'
import {
  aggregate,
  App,
  command,
  event,
  eventSignal,
  module,
  projection,
  query,
  reject,
  saga,
  topic,
  workflow,
  type AppOptions,
} from '../../src/index.ts'

/** An aggregate with a rule. */
export const Order = aggregate('order', {
  events: {
    placed: event(z.object({ total: z.number() })),
    paid: event(z.object({ amount: z.number() })),
  },
  commands: {
    place: z.object({ total: z.number().positive() }),
    pay: z.object({ amount: z.number() }),
  },
  initial: () => ({ status: 'none', total: 0 }),
})
  .evolve({
    placed: (_, { total }) => ({ status: 'open', total }),
    paid: (state) => ({ ...state, status: 'paid' }),
  })
  .decide({
    place: (state, data, emit) => (state.status === 'none' ? emit.placed(data) : reject('ALREADY_PLACED')),
    pay: (state, data, emit) => (state.status === 'open' ? emit.paid(data) : reject('NOT_OPEN')),
  })

const totals = projection('totals', { from: [Order], version: 1 }, { 'order.placed': () => undefined })
const instant = projection('instant', { from: [Order], mode: 'inline' }, { 'order.paid': () => undefined })

const Double = query('double', { input: z.object({ n: z.number() }) })
const Note = command('note', { input: z.object({ text: z.string() }) })

export const Parcels = topic('parcels', z.object({ order: z.string() }))

const fulfil = saga('fulfil', {
  input: z.object({ order: z.string(), fails: z.boolean().default(false) }),
  signals: { approve: z.object({ ok: z.boolean() }) },
})
  .step('reserve', {
    run: ({ input }) => {
      if (input.fails && failing) throw new Error('nothing left')
      return 'reserved'
    },
    undo: () => undefined,
    retry: { attempts: 1 },
  })
  .wait('approve', { within: '1d' })

const parent = workflow(
  'parent',
  { from: [Order.events.paid], signals: { shipped: eventSignal(Order.events.placed, () => undefined) } },
  async (w) => {
    await w.run(fulfil, { order: 'child' })
  },
)

/** Whether the saga's step fails, and whether parcels are refused. */
let failing = true

/** An application with a bit of everything. */
export function shownApp(options: AppOptions = {}): App {
  failing = true
  const app = new App({ name: 'shown', storage: 'memory:', log: { level: 'silent' }, ...options })
  app.use(module('orders', [Order, totals, instant]), fulfil, parent, Parcels)
  app.handle(Double, ({ input }) => input.n * 2)
  app.handle(Note, ({ input }) => ({ noted: input.text }))
  app.on(Order.events.placed, { name: 'notify', retry: { attempts: 1 }, poison: 'skip' }, (placed) => {
    if (placed.data.total === 13 && failing) throw new Error('thirteen')
  })
  app.relay(Order.events.paid, { to: Parcels, map: (paid) => ({ data: { order: paid.stream } }) })
  app.consume(Parcels, { group: 'shipping', retry: { attempts: 1 } }, ({ data }) => {
    if (data.order === 'refused' && failing) throw new Error('refused')
  })
  app.cron('nightly', '0 2 29 2 *', () => undefined)
  app.post(
    '/orders/:id',
    { params: z.object({ id: z.string() }), body: Order.commands.place.schema, summary: 'Places an order', tags: ['orders'] },
    ({ params, body, send }) => send(Order.commands.place(params.id, body)),
  )
  app.get('/broken', () => {
    throw new Error('broken')
  })
  return app
}

/** Nothing fails from now on. */
export function mend(): void {
  failing = false
}
