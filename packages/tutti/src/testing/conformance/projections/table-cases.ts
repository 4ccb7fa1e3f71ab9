import type { BuildContext, Projection } from '../../../projections/index.ts'
import type { Storage } from '../../../storage/index.ts'
import { casesOf, needsSql, together, type CaseBody, type CaseTools } from '../storage-case.ts'
import { Accounts, type OnPaid } from './accounts.ts'
import { patiently, startProjector } from './projector.ts'

/** The sum of each account in a table; `then` is done behind each write. */
function inTable(accounts: Accounts, then: OnPaid = () => undefined): Projection {
  const { name } = accounts
  return accounts.projection(
    async (event, ctx) => {
      const { stream, data } = event
      const { sql, table } = ctx
      const { changes } = await sql`update ${table(name)} set total = total + ${data.amount} where id = ${stream}`.run()
      if (changes === 0) await sql`insert into ${table(name)} (id, total) values (${stream}, ${data.amount})`
      await then(event, ctx)
    },
    {
      retry: { attempts: 10, delay: 1 },
      batch: 10,
      setup: ({ sql, table }: BuildContext) => {
        // MySQL commits it by itself, so it may be there already where a process has died.
        const create = sql.raw(sql.dialect === 'mysql' ? 'create table if not exists' : 'create table')
        return sql`${create} ${table(name)} (id varchar(100) primary key, total integer not null)`
      },
      teardown: ({ sql, table }: BuildContext) => sql`drop table if exists ${table(name)}`,
    },
  )
}

async function rows({ sql }: Storage, table: string): Promise<Record<string, number>> {
  const found = await sql<{ id: string; total: number }>`select id, total from ${sql.id(table)}`
  return Object.fromEntries(found.map(({ id, total }) => [id, total]))
}

/** A case on a storage with SQL, whose tables are dropped at its end. */
function withTables(versions: readonly string[], run: (tools: CaseTools, accounts: Accounts) => Promise<void>): CaseBody {
  return {
    skip: needsSql,
    run: async (tools) => {
      const accounts = new Accounts(tools)
      try {
        await run(tools, accounts)
      } finally {
        for (const version of versions) await tools.storage.sql`drop table if exists ${tools.storage.sql.id(accounts.name + version)}`
      }
    },
  }
}

/** Read models in tables of the user's own. */
export const tableCases = casesOf('projections into tables', {
  'rows are written in the transaction of the checkpoint': withTables(['_v1'], async ({ storage, check }, accounts) => {
    let failures = 0
    const definition = inTable(accounts, ({ data }) => {
      if (data.amount !== 3 || failures++ > 0) return
      throw new Error('after the write')
    })
    await using projector = await startProjector(storage, [definition])
    for (const amount of [1, 2, 3]) await accounts.pay('a', amount)
    await projector.waitFor(definition, await accounts.pay('b', 4), patiently)
    check.equal(failures, 2)
    check.same(await rows(storage, `${accounts.name}_v1`), await accounts.totals())
    const table = projector.view(definition).table(accounts.name)
    const [row] = await storage.sql<{ total: number }>`select total from ${table} where id = ${accounts.stream('a')}`
    check.equal(row?.total, 6)
  }),

  'processes that begin at the same time set a version up once': withTables(['_v1'], async ({ check, open, storage }, accounts) => {
    const definition = inTable(accounts)
    const processes = await together(4, () => open())
    const projectors = await Promise.all(processes.map((process) => startProjector(process, [definition])))
    const positions = await together(10, (account) => accounts.pay(String(account), account + 1))
    for (const projector of projectors) await projector.waitFor(definition, Math.max(...positions), patiently)
    for (const projector of projectors) await projector.stop()
    check.same(await rows(storage, `${accounts.name}_v1`), await accounts.totals())
  }),

  'several processes write each event once': withTables(['_v1'], async ({ check, open, storage }, accounts) => {
    const definition = inTable(accounts)
    await using a = await startProjector(storage, [definition])
    await using b = await startProjector(await open(), [definition])
    const positions = await together(12, async (account) => {
      for (let i = 0; i < 10; i++) await accounts.pay(String(account), i)
      return accounts.pay(String(account), 1)
    })
    for (const projector of [a, b]) await projector.waitFor(definition, Math.max(...positions), patiently)
    check.same(await rows(storage, `${accounts.name}_v1`), await accounts.totals())
  }),

  'a reset sets up its own, and prunes those of before': withTables(['_v1', '_v1_1'], async ({ check, storage }, accounts) => {
    const definition = inTable(accounts)
    await using projector = await startProjector(storage, [definition])
    await projector.waitFor(definition, await accounts.pay('a', 1), patiently)
    await projector.reset(definition)
    await check.soon(async () => projector.prune(definition), [`${accounts.name}@1`])
    check.same(await rows(storage, `${accounts.name}_v1_1`), await accounts.totals())
    const gone = await rows(storage, `${accounts.name}_v1`).catch((error: unknown) => error)
    check.ok(gone instanceof Error, 'the table of before is gone')
  }),

  'a deadlock is no event’s fault, and is tried again': {
    skip: (capabilities) => needsSql(capabilities) ?? (capabilities.oneWriter === true ? 'the storage has one writer' : undefined),
    run: withTables([''], deadlock).run,
  },
})

/** Two projections that lock two rows, each in another order, and wait for each other before the second. */
async function deadlock({ storage, check }: CaseTools, accounts: Accounts): Promise<void> {
  const { sql } = storage
  const table = sql.id(accounts.name)
  await sql`create table ${table} (id varchar(100) primary key, total integer not null)`
  for (const id of ['x', 'y']) await sql`insert into ${table} (id, total) values (${id}, 0)`
  const locked = { x: Promise.withResolvers<void>(), y: Promise.withResolvers<void>() }
  const locking = (first: 'x' | 'y', second: 'x' | 'y'): Projection =>
    accounts.projection(
      async ({ data }, { sql: within }) => {
        const add = (id: string) => within`update ${table} set total = total + ${data.amount} where id = ${id}`
        await add(first)
        locked[first].resolve()
        await locked[second].promise
        await add(second)
      },
      { poison: 'skip', retry: { attempts: 1 } },
      `${accounts.name}.${first}`,
    )
  const definitions = [locking('x', 'y'), locking('y', 'x')]
  await using projector = await startProjector(storage, definitions)
  const position = await accounts.pay('a', 1)
  for (const definition of definitions) {
    await projector.waitFor(definition, position, patiently)
    check.same(await projector.deadLetters(definition), [])
  }
  check.same(await rows(storage, accounts.name), { x: 2, y: 2 })
}
