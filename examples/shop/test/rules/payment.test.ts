import { given } from 'tutti/testing'
import { it } from 'vitest'
import { Payment } from '../../src/payments/payment.ts'

const { charge, refund } = Payment.commands
const charged = Payment.events.charged({ amount: 500, lastDigits: '4242' })

it('a card is charged once, and only its last digits are kept', () => {
  given(Payment)
    .when(charge('o-1', { amount: 500, card: '4242424242424242' }))
    .thenEmitted(charged)
  given(Payment, charged)
    .when(charge('o-1', { amount: 500, card: '4242424242424242' }))
    .thenRejected('ALREADY_CHARGED')
})

it('a card that is declined is not charged', () => {
  given(Payment)
    .when(charge('o-1', { amount: 500, card: '4000000000000002' }))
    .thenRejected('CARD_DECLINED')
})

it('what was charged is given back once', () => {
  given(Payment, charged)
    .when(refund('o-1', {}))
    .thenEmitted(Payment.events.refunded({ amount: 500 }))
  given(Payment).when(refund('o-1', {})).thenEmitted()
})
