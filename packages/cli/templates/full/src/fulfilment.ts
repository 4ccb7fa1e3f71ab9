import { eventSignal, workflow } from 'tutti'
import * as z from 'zod'
import { Order } from './order.ts'

/** Follows an order from its first event on: waits for the payment, however long that takes, and then prints the label. */
export const Fulfilment = workflow(
  'fulfilment',
  {
    from: [Order.events.placed],
    key: ({ stream }) => stream,
    input: z.object({ customer: z.string(), total: z.number() }),
    signals: { paid: eventSignal(Order.events.paid, ({ stream }) => stream) },
  },
  async (w, { customer }) => {
    const payment = await w.signal('paid', { within: '3d' })
    if (payment === undefined) throw w.fail('It was not paid in time.')
    return w.step('print the label', () => ({ label: `for ${customer}`, paid: payment.amount }))
  },
)
