import { projection } from 'tutti'
import { Order } from './order.ts'

/** What was paid, all together. */
export const Revenue = projection(
  'revenue',
  { from: [Order] },
  {
    'order.paid': async ({ data }, { documents }) => {
      const before = (await documents.get<{ total: number }>('all')) ?? { total: 0 }
      documents.put('all', { total: before.total + data.amount })
    },
  },
)
