import { createProjector, projection } from 'tutti/projections'
import type { Storage } from 'tutti/storage'
import { orderListColumns, orderListSums, type OrderListBuilt, type OrderListSums } from './order-list.ts'
import { Order } from './tutti-order.ts'

/** Builds the read model of all orders, from nothing, and waits until it has everything. */
export async function buildOrderList(storage: Storage, name: string): Promise<OrderListBuilt> {
  const orderList = projection(
    name,
    {
      from: [Order],
      setup: async ({ sql, table }) => {
        await sql`create table ${table(name)} (${sql.raw(orderListColumns)})`
      },
    },
    {
      'order.placed': ({ stream }, { sql, table }) =>
        sql`insert into ${table(name)} (id, status, items, total) values (${stream}, 'open', 0, 0)`,
      'order.added': ({ stream, data: { quantity, price } }, { sql, table }) =>
        sql`update ${table(name)} set items = items + ${quantity}, total = total + ${quantity * price} where id = ${stream}`,
      'order.paid': ({ stream }, { sql, table }) => sql`update ${table(name)} set status = 'paid' where id = ${stream}`,
    },
  )
  const head = await storage.events.head()
  await using projector = createProjector(storage, [orderList])
  const start = performance.now()
  await projector.start()
  await projector.waitFor(orderList, head, { timeout: '10m' })
  const time = performance.now() - start
  const { sql } = storage
  const [sums] = await sql<OrderListSums>`select ${sql.raw(orderListSums)} from ${projector.view(orderList).table(name)}`
  if (sums === undefined) throw new Error('adding up gave no row')
  return { time, sums }
}
