import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

type State = { readonly status: 'none' } | { readonly status: 'open' | 'paid'; readonly total: number }

const placed = z.object({ customer: z.string(), total: z.number().positive() })

export const Order = aggregate('order', {
  events: { placed: event(placed), paid: event(z.object({ amount: z.number() })) },
  commands: { place: placed, pay: z.object({ amount: z.number() }) },
  initial: (): State => ({ status: 'none' }),
})
  .evolve({
    placed: (_, { total }) => ({ status: 'open', total }),
    paid: (state) => (state.status === 'none' ? state : { ...state, status: 'paid' }),
  })
  .decide({
    place: (state, order, emit) => (state.status === 'none' ? emit.placed(order) : reject('ALREADY_PLACED')),
    pay: (state, { amount }, emit) => {
      if (state.status !== 'open') return reject('NOT_OPEN')
      return amount === state.total ? emit.paid({ amount }) : reject('WRONG_AMOUNT')
    },
  })
