import { aggregate, event, reject } from 'tutti'
import * as z from 'zod'

export const CustomerId = z.string().regex(/^[a-z0-9-]{1,40}$/)

export const ContactDetails = z.object({ email: z.email().max(200) }).meta({ id: 'ContactDetails' })

export const CustomerView = z.object({ id: CustomerId, ...ContactDetails.shape }).meta({ id: 'Customer' })

type CustomerState = { readonly known: false } | { readonly known: true; readonly email: string }

/** Who shops here. */
export const Customer = aggregate('customer', {
  events: { registered: event(ContactDetails), emailChanged: event(ContactDetails) },
  commands: { register: ContactDetails, changeEmail: ContactDetails },
  initial: (): CustomerState => ({ known: false }),
})
  .evolve({
    registered: (_, { email }) => ({ known: true, email }),
    emailChanged: (_, { email }) => ({ known: true, email }),
  })
  .decide({
    register: ({ known }, contact, emit) => (known ? reject('ALREADY_REGISTERED') : emit.registered(contact)),
    changeEmail(customer, contact, emit) {
      if (!customer.known) return reject('NOT_REGISTERED')
      return customer.email === contact.email ? undefined : emit.emailChanged(contact)
    },
  })
