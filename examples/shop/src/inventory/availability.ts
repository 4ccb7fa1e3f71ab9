import { projection } from 'tutti'
import type { ProjectionDocuments } from 'tutti/projections'
import { idOf } from '../stream-id.ts'
import { Stock } from './stock.ts'

export interface Availability {
  readonly onHand: number
  readonly reserved: number
}

/** The read model of what is left, as documents: one for each product, which is all that anybody looks up. */
export const availability = projection(
  'availability',
  { from: [Stock] },
  {
    'stock.received': (e, { documents }) => add(documents, idOf(e), { onHand: e.data.quantity, reserved: 0 }),
    'stock.reserved': (e, { documents }) => add(documents, idOf(e), { onHand: 0, reserved: e.data.quantity }),
    'stock.released': (e, { documents }) => add(documents, idOf(e), { onHand: 0, reserved: -e.data.quantity }),
    'stock.dispatched': (e, { documents }) => add(documents, idOf(e), { onHand: -e.data.quantity, reserved: -e.data.quantity }),
  },
)

async function add(documents: ProjectionDocuments, product: string, change: Availability): Promise<void> {
  const { onHand, reserved } = (await documents.get<Availability>(product)) ?? { onHand: 0, reserved: 0 }
  documents.put(product, { onHand: onHand + change.onHand, reserved: reserved + change.reserved })
}
