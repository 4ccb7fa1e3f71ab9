import { given } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { available, Stock } from '../../src/inventory/stock.ts'

const { received, reserved, released, dispatched } = Stock.events
const { receive, reserve, release, dispatch } = Stock.commands
const five = received({ quantity: 5 })
const order = '01980000-0000-7000-8000-000000000001'
const other = '01980000-0000-7000-8000-000000000002'
const three = { order, quantity: 3 }

describe('a stock', () => {
  it('grows by deliveries', () => {
    given(Stock, five)
      .when(receive('mug', { quantity: 2 }))
      .thenEmitted(received({ quantity: 2 }))
      .thenState({ onHand: 7, reserved: {} })
    given(Stock)
      .when(receive('mug', { quantity: 0 }))
      .thenInvalid('quantity')
  })

  it('is reserved as long as there is enough', () => {
    given(Stock, five)
      .when(reserve('mug', three))
      .thenEmitted(reserved(three))
      .thenState((stock) => expect(available(stock)).toBe(2))
    given(Stock, five, reserved(three))
      .when(reserve('mug', { order: other, quantity: 3 }))
      .thenRejected('OUT_OF_STOCK', { available: 2 })
    given(Stock).when(reserve('mug', three)).thenRejected('OUT_OF_STOCK', { available: 0 })
  })

  it('is reserved once for each order, however often it asks', () => {
    given(Stock, five, reserved(three)).when(reserve('mug', three)).thenNothing()
  })

  it('can be ordered again when it is released', () => {
    given(Stock, five, reserved(three)).when(release('mug', { order })).thenEmitted(released(three)).thenState({ onHand: 5, reserved: {} })
    given(Stock, five, reserved(three), released(three)).when(release('mug', { order })).thenNothing()
  })

  it('leaves when it is dispatched', () => {
    given(Stock, five, reserved(three))
      .when(dispatch('mug', { order }))
      .thenEmitted(dispatched(three))
      .thenState({ onHand: 2, reserved: {} })
    given(Stock, five).when(dispatch('mug', { order })).thenRejected('NOT_RESERVED')
  })
})
