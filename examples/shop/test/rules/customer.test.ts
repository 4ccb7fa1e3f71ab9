import { given } from 'tutti/testing'
import { describe, it } from 'vitest'
import { Customer } from '../../src/customers/customer.ts'

const { registered, emailChanged } = Customer.events
const { register, changeEmail } = Customer.commands
const home = { email: 'ada@example.com' }
const work = { email: 'ada@example.org' }

describe('a customer', () => {
  it('registers once', () => {
    given(Customer).when(register('ada', home)).thenEmitted(registered(home)).thenState(home)
    given(Customer, registered(home)).when(register('ada', work)).thenRejected('ALREADY_REGISTERED')
    given(Customer)
      .when(register('ada', { email: 'ada' }))
      .thenInvalid('email')
  })

  it('changes the address', () => {
    given(Customer, registered(home)).when(changeEmail('ada', work)).thenEmitted(emailChanged(work)).thenState(work)
    given(Customer, registered(home), emailChanged(work)).when(changeEmail('ada', work)).thenNothing()
    given(Customer).when(changeEmail('ada', work)).thenRejected('NOT_REGISTERED')
  })
})
