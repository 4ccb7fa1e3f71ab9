import * as z from 'zod'
import { aggregate, reject } from '../../src/events/public.ts'
import { event } from '../../src/message/index.ts'

export type OrderState = { status: 'none' } | { status: 'open'; total: number } | { status: 'paid'; total: number }

/** The aggregate of the design. */
export const Order = aggregate('order', {
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
    pay: (s, c, emit) => (s.status !== 'open' ? reject('NOT_OPEN') : emit.paid(c)),
  })
