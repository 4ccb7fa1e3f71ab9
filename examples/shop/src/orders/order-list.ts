import { projection, query, type MessageContext } from 'tutti'
import * as z from 'zod'
import { CustomerId } from '../customers/customer.ts'
import { pageOf, Paging } from '../paging.ts'
import { idOf } from '../stream-id.ts'
import { Order, OrderStatus } from './order.ts'

/** The read model of the orders of a customer: a table, in SQL that SQLite, PostgreSQL and MySQL understand. */
export const orderList = projection(
  'order-list',
  {
    from: [Order],
    setup: ({ sql, table }) => sql`
      create table if not exists ${table('orders')} (
        id varchar(36) not null unique,
        customer varchar(40) not null,
        status varchar(10) not null,
        total integer not null,
        placed_at varchar(24) not null,
        primary key (customer, placed_at, id)
      )`,
  },
  {
    'order.placed': (e, { sql, table }) => {
      const { customer, total, placedAt } = e.data
      return sql`
        insert into ${table('orders')} (id, customer, status, total, placed_at)
        values (${idOf(e)}, ${customer}, 'open', ${total}, ${placedAt})`
    },
    'order.paid': (e, { sql, table }) => sql`update ${table('orders')} set status = 'paid' where id = ${idOf(e)}`,
    'order.shipped': (e, { sql, table }) => sql`update ${table('orders')} set status = 'shipped' where id = ${idOf(e)}`,
    'order.cancelled': (e, { sql, table }) => sql`update ${table('orders')} set status = 'cancelled' where id = ${idOf(e)}`,
  },
)

const OrderSummary = z
  .object({ id: z.uuid(), status: OrderStatus, total: z.int().describe('In cents.'), placedAt: z.iso.datetime() })
  .meta({ id: 'OrderSummary' })

export const OrderPage = pageOf(OrderSummary).meta({ id: 'OrderPage' })

const OrdersOf = Paging.extend({ customer: CustomerId })

export const ListOrders = query('order.list', { input: OrdersOf, output: OrderPage })

/** Answers `ListOrders`: the newest first. */
export async function listOrders({ input, sql, view }: MessageContext<z.infer<typeof OrdersOf>>): Promise<z.infer<typeof OrderPage>> {
  const { customer, page, limit } = input
  const orders = view(orderList).table('orders')
  const [counted] = await sql<{ total: number }>`select count(*) as total from ${orders} where customer = ${customer}`
  const found = await sql<Omit<z.infer<typeof OrderSummary>, 'placedAt'> & { placed_at: string }>`
    select id, status, total, placed_at from ${orders} where customer = ${customer}
    order by placed_at desc, id desc limit ${limit} offset ${(page - 1) * limit}`
  const total = Number(counted?.total)
  const items = found.map(({ placed_at: placedAt, ...order }) => ({ ...order, placedAt }))
  return { items, total, page, pages: Math.ceil(total / limit) }
}
