import * as z from 'zod'
import { aggregate, event, reject } from '../../src/index.ts'

/** An account, for tests of what reads events. */
export const Account = aggregate('account', {
  events: {
    deposited: event(z.object({ amount: z.number() })),
    withdrawn: event(z.object({ amount: z.number() })),
  },
  commands: { deposit: z.object({ amount: z.number() }), withdraw: z.object({ amount: z.number() }) },
  initial: () => ({ balance: 0 }),
})
  .evolve({
    deposited: ({ balance }, { amount }) => ({ balance: balance + amount }),
    withdrawn: ({ balance }, { amount }) => ({ balance: balance - amount }),
  })
  .decide({
    deposit: (_, c, emit) => emit.deposited(c),
    withdraw: ({ balance }, c, emit) => (balance < c.amount ? reject('TOO_LITTLE', { balance }) : emit.withdrawn(c)),
  })
