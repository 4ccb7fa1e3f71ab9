import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

export const CustomerId = z.string().regex(/^[a-z0-9-]{1,40}$/)

export const ContactDetails = z.object({ email: z.email().max(200) }).meta({ id: 'ContactDetails' })

export const CustomerView = z.object({ id: CustomerId, ...ContactDetails.shape }).meta({ id: 'Customer' })

/** Who shops here; without an address until they register. */
export const Customer = aggregate('customer', {
  events: { registered: event(ContactDetails), emailChanged: event(ContactDetails) },
  commands: { register: ContactDetails, changeEmail: ContactDetails },
  initial: () => ({ email: '' }),
})
  .evolve({
    registered: (_, { email }) => ({ email }),
    emailChanged: (_, { email }) => ({ email }),
  })
  .decide({
    register: ({ email }, contact, emit) => (email === '' ? emit.registered(contact) : reject('ALREADY_REGISTERED')),
    changeEmail({ email }, contact, emit) {
      if (email === '') return reject('NOT_REGISTERED')
      return email === contact.email ? undefined : emit.emailChanged(contact)
    },
  })
