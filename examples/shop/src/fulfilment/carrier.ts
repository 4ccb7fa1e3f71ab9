import { createHash } from 'node:crypto'
import { nonRetryable } from 'tutti'

type Items = readonly { readonly quantity: number }[]

/** The largest parcel that the carrier takes, in pieces. */
const largest = 60

/** The number of a parcel: the same whenever it is asked for with the same key. This example has no carrier. */
export function parcelOf(items: Items, key: string): string {
  if (pieces(items) > largest) throw nonRetryable(new Error('TOO_LARGE'))
  return `P-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`
}

/** What the carrier takes, in cents. */
export function feeOf(items: Items): number {
  return 390 + 10 * pieces(items)
}

function pieces(items: Items): number {
  return items.reduce((sum, { quantity }) => sum + quantity, 0)
}
