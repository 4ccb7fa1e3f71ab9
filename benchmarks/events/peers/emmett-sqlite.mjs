import { getSQLiteEventStore, sqliteConnection } from '@event-driven-io/emmett-sqlite'
import { offer } from '../../harness/offer.ts'
import { emmettTasks } from './emmett-tasks.mjs'

let connection
let store

offer({
  async open({ path }) {
    connection = connect(path)
    await requireDurability()
    store = getSQLiteEventStore({ fileName: path, pool: oneAtATime(connection) })
    await store.schema.migrate()
  },
  ...emmettTasks(() => store),
  count: async () => (await connection.querySingle('select count(*) as count from emt_messages')).count,
})

/**
 * One connection that stays open, used by one caller at a time. With Emmett's own pool, which opens the file anew for each call, callers
 * get in each other's way: they sleep while the file is locked, and fail where that takes long.
 */
function oneAtATime(only) {
  let last = Promise.resolve()
  return {
    withConnection(work) {
      const result = last.then(() => work(only))
      last = result.catch(() => undefined)
      return result
    },
  }
}

/** Emmett's connection, but for reading one row: its way leaves the statement open, at which a commit now and then fails. */
function connect(fileName) {
  const { query, ...connection } = sqliteConnection({ fileName })
  return { ...connection, query, querySingle: async (sql, params) => (await query(sql, params))[0] ?? null }
}

async function requireDurability() {
  const { synchronous } = await connection.querySingle('pragma synchronous')
  // 2 is FULL: each commit waits until it is on the disk.
  if (synchronous !== 2) throw new Error(`Emmett has synchronous = ${synchronous}; wanted 2, as durable as Tutti`)
}
