import { given } from 'tutti/testing'
import { it } from 'vitest'
import { Order } from '../src/order.ts'

const { placed, paid } = Order.events
const { place, pay } = Order.commands
const order = { customer: 'Ada', total: 30 }

it('is placed once, and paid in full', () => {
  given(Order).when(place('o-1', order)).thenEmitted(placed(order))
  given(Order, placed(order)).when(place('o-1', order)).thenRejected('ALREADY_PLACED')
  given(Order, placed(order))
    .when(pay('o-1', { amount: 30 }))
    .thenEmitted(paid({ amount: 30 }))
  given(Order, placed(order))
    .when(pay('o-1', { amount: 3 }))
    .thenRejected('WRONG_AMOUNT')
})
