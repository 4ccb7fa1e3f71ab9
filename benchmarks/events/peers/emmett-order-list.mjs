import { dumbo, sql } from '@event-driven-io/dumbo'
import { postgreSQLEventStoreConsumer, postgreSQLRawSQLProjection } from '@event-driven-io/emmett-postgresql'
import { orderListColumns, orderListSums } from '../order-list.ts'

/** Builds the read model of all orders, from nothing, and waits until it has everything. */
export async function buildOrderList({ pool, connectionString, name }) {
  const projection = postgreSQLRawSQLProjection({
    name,
    canHandle: ['order.placed', 'order.added', 'order.paid'],
    init: () => sql(`create table ${name} (${orderListColumns})`),
    evolve: ({ type, data, metadata: { streamName } }) => {
      if (type === 'order.placed') return sql(`insert into ${name} (id, status, items, total) values (%L, 'open', 0, 0)`, streamName)
      if (type === 'order.paid') return sql(`update ${name} set status = 'paid' where id = %L`, streamName)
      const { quantity, price } = data
      return sql(`update ${name} set items = items + %L, total = total + %L where id = %L`, quantity, quantity * price, streamName)
    },
  })
  const { rows } = await pool.query('select max(global_position) as last from emt_messages')
  const last = BigInt(rows[0].last)
  const consumer = postgreSQLEventStoreConsumer({
    connectionString,
    pool: dumbo({ connectionString, pool }),
    // As many at a time as Tutti, and not a pause more than it has to make.
    pulling: { batchSize: 500, pullingFrequencyInMs: 0 },
  })
  consumer.projector({ processorId: name, projection, stopAfter: ({ metadata }) => metadata.globalPosition === last })
  const start = performance.now()
  await consumer.start()
  const time = performance.now() - start
  const sums = await pool.query(`select ${orderListSums} from ${name}`)
  return { time, sums: sums.rows[0] }
}
