import { Problem, router } from 'tutti'
import { customer } from '../access.ts'
import { ContactDetails, Customer, CustomerView } from './customer.ts'

const deps = { customer }

export const customersRouter = router('/customers', { tags: ['customers'] })

customersRouter.get(
  '/me',
  { summary: 'Get your contact details', response: { 200: CustomerView, 404: Problem }, deps },
  async ({ deps, load }) => {
    const { email } = await load(Customer, deps.customer)
    return { id: deps.customer, email }
  },
)

customersRouter.put(
  '/me',
  {
    summary: 'Register, or change your contact details',
    description: 'With `If-Match` only where they have not been changed meanwhile.',
    body: ContactDetails,
    response: { 200: CustomerView, 409: Problem, 412: Problem },
    deps,
  },
  async ({ body, deps, find, send }) => {
    const { register, changeEmail } = Customer.commands
    const known = await find(Customer, deps.customer)
    const result = await (known === undefined ? send(register(deps.customer, body)) : send(changeEmail(deps.customer, body)))
    return result.ok ? { id: deps.customer, ...body } : result
  },
)
