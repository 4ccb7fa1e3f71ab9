import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import pg from 'pg'
import { offer } from '../../harness/offer.ts'
import { orderEvents, orderLife } from '../order.ts'
import { buildOrderList } from './emmett-order-list.mjs'
import { emmettTasks } from './emmett-tasks.mjs'

let connectionString
let store
let pool

offer({
  async open({ url, connections }) {
    connectionString = url
    pool = new pg.Pool({ connectionString: url, max: connections })
    store = getPostgreSQLEventStore(url, { connectionOptions: { pool } })
    await store.schema.migrate()
  },
  ...emmettTasks(() => store),
  /** Appends to streams of five events each, one after the other. */
  async fill({ count }) {
    const events = orderEvents(orderLife.length)
    for (let i = 0; i < count / events.length; i++) await store.appendToStream(`order-${i}`, events)
  },
  buildOrderList: ({ name }) => buildOrderList({ pool, connectionString, name }),
  async count() {
    const { rows } = await pool.query('select count(*)::integer as count from emt_messages')
    return rows[0].count
  },
})
