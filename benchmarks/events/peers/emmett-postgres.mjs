import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql'
import pg from 'pg'
import { offer } from '../offer.ts'
import { emmettTasks } from './emmett-tasks.mjs'

let store
let pool

offer({
  async open({ url, connections }) {
    pool = new pg.Pool({ connectionString: url, max: connections })
    store = getPostgreSQLEventStore(url, { connectionOptions: { pool } })
    await store.schema.migrate()
  },
  ...emmettTasks(() => store),
  async count() {
    const { rows } = await pool.query('select count(*)::integer as count from emt_messages')
    return rows[0].count
  },
})
