import { aggregate, event, reject } from 'tutti/events'
import * as z from 'zod'
import { evolve, initialState } from './order.ts'

const placed = z.object({ customer: z.string(), city: z.string(), currency: z.string() })
const added = z.object({ sku: z.string(), quantity: z.number(), price: z.number() })
const paid = z.object({ amount: z.number() })

/** The order as an aggregate of Tutti's: validated, as its users would have it. */
export const Order = aggregate('order', {
  events: { placed: event(placed), added: event(added), paid: event(paid) },
  commands: { place: placed, add: added, pay: paid },
  initial: initialState,
})
  .evolve({
    placed: (state, data) => evolve(state, { type: 'order.placed', data }),
    added: (state, data) => evolve(state, { type: 'order.added', data }),
    paid: (state, data) => evolve(state, { type: 'order.paid', data }),
  })
  .decide({
    place: ({ status }, data, emit) => (status === 'none' ? emit.placed(data) : reject('ALREADY_PLACED')),
    add: ({ status }, data, emit) => (status === 'open' ? emit.added(data) : reject('NOT_OPEN')),
    pay: ({ status }, data, emit) => (status === 'open' ? emit.paid(data) : reject('NOT_OPEN')),
  })
