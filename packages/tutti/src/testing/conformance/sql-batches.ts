import { SqlBatchError, type SqlDatabase, type SqlFragment, type Storage } from '../../storage/index.ts'
import type { Check } from './check.ts'
import { casesOf, needsSql, type CaseBody, type CaseTools } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

interface Row extends Readonly<Record<string, unknown>> {
  readonly id: number
  readonly label: string | null
}

/** A table that is there while a case runs. */
function withTable(run: (tools: CaseTools & { readonly table: SqlFragment }) => Promise<void>): CaseBody {
  return {
    skip: needsSql,
    run: async (tools) => {
      const { sql } = tools.storage
      const table = sql.id(tools.name('t').replaceAll('-', '_'))
      await sql`create table ${table} (id bigint primary key, label varchar(200), bytes ${sql.raw(bytesOf(sql))})`
      try {
        await run({ ...tools, table })
      } finally {
        await sql`drop table ${table}`
      }
    },
  }
}

function bytesOf({ dialect }: SqlDatabase): string {
  return dialect === 'postgres' ? 'bytea' : 'blob'
}

async function idsOf({ sql }: Pick<Storage, 'sql'>, table: SqlFragment): Promise<number[]> {
  return (await sql<Row>`select id from ${table} order by id`).map(({ id }) => Number(id))
}

async function failsAt(batch: Promise<unknown>, index: number, check: Check): Promise<SqlBatchError> {
  const error = await check.fails(batch, 'TUTTI_SQL_BATCH_FAILED')
  if (!(error instanceof SqlBatchError)) throw error
  check.equal(error.index, index)
  check.ok(error.cause instanceof Error, 'the cause is what the backend says')
  return error
}

/** `sql.batch`: statements in one round trip. */
export const sqlBatchCases = casesOf('SQL batches', {
  'each statement sees those before it, and gives its own result': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const [first, count, none, changed, rows] = await sql.batch([
      sql`insert into ${table} (id, label) values (${1}, ${'a'}), (${2}, ${'b'})`,
      sql<{ n: number }>`select count(*) as n from ${table}`,
      sql<Row>`select id, label from ${table} where id = ${7}`,
      sql`update ${table} set label = ${'c'} where id > ${0}`,
      sql<Row>`select id, label from ${table} order by id`,
    ])
    check.same([first.changes, first.rows, changed.changes, none.rows], [2, [], 2, []])
    check.equal(Number(count.rows[0]?.n), 2)
    check.same(
      rows.rows.map(({ id, label }) => [Number(id), label]),
      [
        [1, 'c'],
        [2, 'c'],
      ],
    )
    check.same(await sql.batch([]), [])
  }),

  'values arrive as they do one by one': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const labels = [`'; drop table x --`, 'ä🎻 "\\', '', null, ' line\nline ', 'x'.repeat(200)]
    const bytes = new Uint8Array([0, 255, 39, 92])
    const insert = (id: number | bigint, label: string | null) =>
      sql`insert into ${table} (id, label, bytes) values (${id}, ${label}, ${label === null ? null : bytes})`
    await sql.batch([...labels.map((label, i) => insert(i, label)), insert(2n ** 53n + 1n, 'big'), insert(-1, 'negative')])
    const together = await sql`select * from ${table} order by id`
    await sql`delete from ${table}`
    for (const [i, label] of labels.entries()) await insert(i, label)
    await insert(2n ** 53n + 1n, 'big')
    await insert(-1, 'negative')
    check.same(together, await sql`select * from ${table} order by id`)
    const [alone] = await sql.batch([sql`select * from ${table} order by id`])
    const [, again] = await sql.batch([sql`select 1 as one`, sql`select * from ${table} order by id`])
    check.same([alone.rows, again.rows], [together, together])
    check.same(
      labels,
      (await sql<Row>`select label from ${table} where id between 0 and ${labels.length} order by id`).map(({ label }) => label),
    )
  }),

  'the first that fails is told, and none behind it is run': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const insert = (id: number) => sql`insert into ${table} (id) values (${id})`
    await failsAt(sql.batch([insert(1), insert(2), sql`update ${table} set label = 'x'`, insert(1), insert(3), insert(2)]), 3, check)
    check.same(await idsOf(storage, table), [])
    await failsAt(sql.batch([sql`select * from ${sql.id('no_such_table_at_all')}`, insert(1)]), 0, check)
    await failsAt(sql.batch([insert(1), sql`no sql at all`, insert(1)]), 1, check)
    check.same(await idsOf(storage, table), [])
    await sql.batch([insert(1), insert(2), insert(3)])
    check.same(await idsOf(storage, table), [1, 2, 3])
  }),

  'more than a thousand go together, and the last one takes all back': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const inserts = (count: number) =>
      Array.from({ length: count }, (_, id) => sql`insert into ${table} (id, label) values (${id}, ${`l${id}`})`)
    await failsAt(sql.batch([...inserts(2_500), sql`insert into ${table} (id) values (${7})`]), 2_500, check)
    check.same(await idsOf(storage, table), [])
    const results = await sql.batch(inserts(2_500))
    check.equal(results.length, 2_500)
    check.ok(
      results.every(({ changes }) => changes === 1),
      'each has changed a row',
    )
    const [{ rows }] = await sql.batch([sql<Row>`select id, label from ${table} order by id`])
    check.ok(
      rows.every(({ id, label }, i) => Number(id) === i && label === `l${i}`),
      'each has got its own values',
    )
    check.equal(rows.length, 2_500)
  }),

  'many different texts take turns': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const statements = Array.from({ length: 300 }, (_, i) =>
      i % 3 === 2
        ? sql<Row>`select ${sql.raw(`${i % 70}`)} + 0 as id, label from ${table} where id = ${i - 1}`
        : sql<Row>`insert into ${table} (id, label) values (${i}, ${sql.raw(`'t${i % 70}'`)})`,
    )
    const results = await sql.batch(statements)
    for (const [i, { rows }] of results.entries()) {
      const wanted = i % 3 === 2 ? [[i % 70, `t${(i - 1) % 70}`]] : []
      check.same(
        rows.map(({ id, label }) => [Number(id), label]),
        wanted,
      )
    }
  }),

  'within a transaction they are part of it': withTable(async ({ storage, check, name, table }) => {
    const stop = new Error('stop')
    const insert = (sql: SqlDatabase, id: number) => sql`insert into ${table} (id) values (${id})`
    const outcome = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      await tx.sql.batch([insert(tx.sql, 1), insert(storage.sql, 2)])
      await storage.sql.batch([insert(storage.sql, 3), insert(tx.sql, 4)])
      check.same(await idsOf(tx, table), [1, 2, 3, 4])
      throw stop
    })
    check.equal(await outcome.catch((error: unknown) => error), stop)
    check.same(await idsOf(storage, table), [])
    await storage.transaction(async (tx) => {
      // What is called without waiting is done in its order.
      await Promise.all([
        insert(tx.sql, 1).run(),
        tx.sql.batch([sqlUpdate(tx.sql, table, 1), insert(tx.sql, 2)]),
        tx.sql.batch([sqlUpdate(tx.sql, table, 2)]),
        tx.events.append(name('a'), [happened]),
      ])
    })
    const labels = await storage.sql<Row>`select label from ${table} order by id`
    check.same(
      labels.map(({ label }) => label),
      ['b', 'b'],
    )
    check.equal((await storage.events.info(name('a')))?.version, 1)
  }),

  'a failure within a nested transaction leaves the outer one as it was': withTable(async ({ storage, check, table }) => {
    await storage.transaction(async (tx) => {
      const insert = (id: number) => tx.sql`insert into ${table} (id) values (${id})`
      await tx.sql.batch([insert(1), insert(2)])
      const inner = tx.transaction(async ({ sql }) => {
        await sql.batch([insert(3), insert(4), insert(1), insert(5)])
      })
      await failsAt(inner, 2, check)
      await tx.sql.batch([insert(6), insert(7)])
    })
    check.same(await idsOf(storage, table), [1, 2, 6, 7])
  }),

  'a statement is run once, whoever waits for it': withTable(async ({ storage, check, table }) => {
    const { sql } = storage
    const insert = sql`insert into ${table} (id) values (${1})`
    const read = sql<Row>`select id from ${table}`
    await sql.batch([insert, read])
    check.equal((await insert.run()).changes, 1)
    check.equal((await read).length, 1)
    await check.fails(sql.batch([sql`insert into ${table} (id) values (${2})`, insert]), 'TUTTI_OPTION_INVALID')
    const twice = sql`insert into ${table} (id) values (${3})`
    await check.fails(sql.batch([twice, twice]), 'TUTTI_OPTION_INVALID')
    check.same(await idsOf(storage, table), [1])
  }),
})

function sqlUpdate(sql: SqlDatabase, table: SqlFragment, id: number) {
  return sql`update ${table} set label = ${'b'} where id = ${id}`
}
