import { join } from 'node:path'
import { aggregate, App, event, projection, workflow } from 'tutti'
import * as z from 'zod'
import { announce } from '../../harness/announce.ts'
import { inParallel } from '../in-parallel.ts'

// The Console as developers have it: the bench runs its servers as in production.
process.env['NODE_ENV'] = 'development'

const [folder = '', events = '', runs = ''] = process.argv.slice(2)
const data = z.object({ customer: z.string(), city: z.string(), amount: z.number() })
/** Each order has so many events. */
const life = 5

const Order = aggregate('order', {
  events: { changed: event(data) },
  commands: { change: data },
  initial: () => ({ changes: 0, amount: 0 }),
})
  .evolve({ changed: ({ changes }, { amount }) => ({ changes: changes + 1, amount }) })
  .decide({ change: (_, change, emit) => emit.changed(change) })

const Amounts = projection(
  'amounts',
  { from: [Order] },
  { 'order.changed': ({ data: { amount } }, { documents }) => documents.put(String(amount % 100), { amount }) },
)

/** A tenth waits for somebody's approval, and every fiftieth fails. */
const Fulfil = workflow('fulfil', { input: z.object({ order: z.number() }), signals: { approval: z.boolean() } }, async (w, { order }) => {
  await w.step('reserve', () => order, { undo: () => undefined })
  if (order % 10 === 0) await w.signal('approval', { within: '30d' })
  return w.step('ship', () => (order % 50 === 1 ? Promise.reject(new Error('No parcel service goes there')) : order), {
    retry: { attempts: 1 },
  })
})

const app = new App({
  name: 'bench',
  log: { level: 'silent' },
  storage: `sqlite:${join(folder, 'bench.db')}`,
  telemetry: { store: { path: join(folder, 'telemetry.db') } },
}).use(Order, Amounts, Fulfil)
const { url } = await app.listen(0, '127.0.0.1')
await inParallel(Number(events), (index) => {
  const change = { customer: `c-${index % 997}`, city: 'Augsburg', amount: index % 1000 }
  return app.send(Order.commands.change(`o-${Math.floor(index / life)}`, change))
})
await inParallel(Number(runs), (order) => app.run(Fulfil, { order }, { id: `run-${String(order).padStart(6, '0')}` }))
announce(url)
