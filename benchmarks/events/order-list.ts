/** The columns of a read model that has one row for each order. */
export const orderListColumns = 'id varchar(200) primary key, status varchar(10) not null, items integer not null, total integer not null'

/** What is in the read model. */
export type OrderListSums = Readonly<Record<'orders' | 'paid' | 'items' | 'total', number>>

/** What is selected from the read model to have its sums. */
export const orderListSums =
  "count(*)::integer as orders, (count(*) filter (where status = 'paid'))::integer as paid, sum(items)::integer as items, sum(total)::integer as total"

/** What is in the read model once the lives of so many orders were handled. */
export function expectedSums(orders: number): OrderListSums {
  return { orders, paid: orders, items: 13 * orders, total: 69 * orders }
}

/** What came of building the read model. */
export interface OrderListBuilt {
  /** In milliseconds, from the start of the projection until everything was handled. */
  readonly time: number
  readonly sums: OrderListSums
}
