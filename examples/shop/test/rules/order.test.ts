import { given } from 'tutti/testing'
import { describe, it } from 'vitest'
import { Order } from '../../src/orders/order.ts'

const { placed, paid, shipped, cancelled } = Order.events
const { place, pay, ship, cancel } = Order.commands
const placing = {
  customer: 'ada',
  email: 'ada@example.com',
  items: [
    { product: 'mug', quantity: 2, price: 1490 },
    { product: 'sencha', quantity: 1, price: 1250 },
  ],
  placedAt: '2026-01-02T03:04:05.678Z',
}
const facts = { ...placing, total: 4230 }
const open = placed(facts)
const payment = paid({ customer: 'ada', amount: 4230 })
const parcel = { parcel: 'P-1' }

describe('an order', () => {
  it('is placed once, and costs what its items cost', () => {
    given(Order)
      .when(place('o-1', placing))
      .thenEmitted(open)
      .thenState({ status: 'open', ...facts })
    given(Order, open).when(place('o-1', placing)).thenRejected('ALREADY_PLACED')
    given(Order)
      .when(place('o-1', { ...placing, items: [] }))
      .thenInvalid('items')
  })

  it('is paid in full, once', () => {
    given(Order, open)
      .when(pay('o-1', { amount: 4230 }))
      .thenEmitted(payment)
      .thenState({ status: 'paid', ...facts })
    given(Order, open)
      .when(pay('o-1', { amount: 4229 }))
      .thenRejected('WRONG_AMOUNT', { detail: 'The order costs 4230, not 4229.' })
    given(Order, open, payment)
      .when(pay('o-1', { amount: 4230 }))
      .thenRejected('ORDER_NOT_OPEN')
    given(Order)
      .when(pay('o-1', { amount: 1 }))
      .thenRejected('ORDER_NOT_OPEN')
  })

  it('is shipped when it is paid', () => {
    given(Order, open, payment)
      .when(ship('o-1', parcel))
      .thenEmitted(shipped({ customer: 'ada', ...parcel }))
      .thenState({ status: 'shipped', ...facts })
    given(Order, open).when(ship('o-1', parcel)).thenRejected('ORDER_NOT_PAID', { detail: 'The order is open.' })
  })

  it('is cancelled as long as it is open', () => {
    given(Order, open)
      .when(cancel('o-1', {}))
      .thenEmitted(cancelled({ customer: 'ada' }))
      .thenState({ status: 'cancelled', ...facts })
    given(Order, open, payment).when(cancel('o-1', {})).thenRejected('ORDER_NOT_OPEN', { detail: 'The order is paid.' })
  })
})
