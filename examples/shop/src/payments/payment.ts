import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

const Amount = z.object({ amount: z.int().positive().describe('In cents.') })

/** A card number. This example's own bank declines those that end with 0002. */
export const Card = z.string().regex(/^\d{12,19}$/, 'wanted 12 to 19 digits')

const Charge = Amount.extend({ card: Card })
const Charged = Amount.extend({ lastDigits: z.string() })

type PaymentState = { readonly status: 'none' } | { readonly status: 'charged' | 'refunded'; readonly amount: number }

/** What was taken from a customer's card for an order, and given back. This example has no bank: the stream is the account. */
export const Payment = aggregate('payment', {
  events: { charged: event(Charged), refunded: event(Amount) },
  commands: { charge: Charge, refund: z.object({}) },
  initial: (): PaymentState => ({ status: 'none' }),
})
  .evolve({
    charged: (_, { amount }) => ({ status: 'charged', amount }),
    refunded: (_, { amount }) => ({ status: 'refunded', amount }),
  })
  .decide({
    charge(payment, { amount, card }, emit) {
      if (payment.status === 'charged') return reject('ALREADY_CHARGED')
      if (card.endsWith('0002')) return reject('CARD_DECLINED')
      // Nobody else needs to know the whole number.
      return emit.charged({ amount, lastDigits: card.slice(-4) })
    },
    refund: (payment, _, emit) => (payment.status === 'charged' ? emit.refunded({ amount: payment.amount }) : undefined),
  })
