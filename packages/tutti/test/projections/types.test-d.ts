import { memoryProjection, projection, subscription, createProjector, type MemoryView } from '../../src/projections/public.ts'
import type { RecordedEvent } from '../../src/message/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Account } from './support.ts'
import * as z from 'zod'
import { aggregate } from '../../src/events/public.ts'
import { event } from '../../src/message/index.ts'

const Shipment = aggregate('shipment', { events: { sent: event(z.object({ at: z.date() })) }, commands: {}, initial: () => 0 })
  .evolve({ sent: (state) => state + 1 })
  .decide({})

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T | undefined => undefined

projection(
  'p',
  { from: [Account, Shipment] },
  {
    'account.paid': (e, { documents, replaying }) => {
      holds<Equal<typeof e, RecordedEvent<{ amount: number }, 'account.paid'>>>()
      holds<Equal<typeof replaying, boolean>>()
      documents.put(e.stream, e.data.amount)
      // @ts-expect-error -- the event has no such data
      return e.data.customer
    },
    'shipment.sent': (e) => e.data.at.toISOString(),
  },
)

projection(
  'p',
  { from: [Account] },
  {
    // @ts-expect-error -- not an event of the sources
    'shipment.sent': () => undefined,
  },
)

projection(
  'p',
  { from: [Account] },
  {
    // @ts-expect-error -- not an event at all
    'account.pade': () => undefined,
  },
)

// @ts-expect-error -- no such mode
projection('p', { from: [Account], mode: 'sync' }, {})

subscription('s', { from: [Account.events.paid] }, (e) => {
  holds<Equal<typeof e, RecordedEvent<{ amount: number }, 'account.paid'>>>()
})

subscription('s', { from: [Account, Shipment.events.sent] }, (e) => {
  holds<Equal<(typeof e)['type'], 'account.paid' | 'account.opened' | 'shipment.sent'>>()
  if (e.type === 'account.paid') e.data.amount.toFixed()
  // @ts-expect-error -- not all of them have an amount
  return e.data.amount
})

const counts = memoryProjection(
  'm',
  { from: [Account], initial: () => ({ paid: 0 }) },
  {
    'account.paid': (e, { state }) => ({ paid: state.paid + e.data.amount }),
    'account.opened': (_, { state }) => void (state.paid = 0),
  },
)

memoryProjection(
  'm',
  { from: [Account], initial: () => ({ paid: 0 }) },
  {
    // @ts-expect-error -- not the state
    'account.paid': (e) => ({ paid: e.stream }),
  },
)

const view = createProjector(memoryStorage(), [counts]).view(counts)
holds<Equal<typeof view, MemoryView<{ paid: number }>>>()
