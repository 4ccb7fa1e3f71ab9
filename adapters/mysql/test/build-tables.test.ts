import { aggregate, event } from 'tutti'
import { createRepository } from 'tutti/events'
import { createInline, createProjector, projection } from 'tutti/projections'
import { afterAll, beforeAll, expect, it } from 'vitest'
import * as z from 'zod'
import { describeWithServer, dropDatabase, ownDatabase, testStorage } from './test-storage.ts'

const Account = aggregate('account', {
  events: { paid: event(z.object({ amount: z.int() })) },
  commands: { pay: z.object({ amount: z.int() }) },
  initial: () => ({ paid: 0 }),
})
  .evolve({ paid: ({ paid }, { amount }) => ({ paid: paid + amount }) })
  .decide({ pay: (_, command, emit) => emit.paid(command) })

const payments = (mode: 'async' | 'inline') =>
  projection(
    mode,
    {
      from: [Account],
      mode,
      setup: ({ sql, table }) => sql`create table if not exists ${table(`${mode}_payments`)} (amount integer not null)`,
      teardown: ({ sql, table }) => sql`drop table if exists ${table(`${mode}_payments`)}`,
    },
    { 'account.paid': ({ data }, { sql, table }) => sql`insert into ${table(`${mode}_payments`)} (amount) values (${data.amount})` },
  )

describeWithServer('tables of projections, whose definitions MySQL commits by themselves', () => {
  let database = ''

  beforeAll(async () => {
    database = await ownDatabase()
  })

  afterAll(() => dropDatabase(database))

  it('are set up and pruned', async () => {
    await using storage = await testStorage(database)
    const definition = payments('async')
    await using projector = createProjector(storage, [definition])
    await projector.start()
    const paid = await createRepository(storage).execute(Account.commands.pay('a', { amount: 5 }))
    if (!paid.ok) throw new Error('The payment was rejected.')
    await projector.waitFor(definition, paid.position, { timeout: '30s' })
    const rows = () => storage.sql`select amount from ${projector.view(definition).table('async_payments')}`
    expect(await rows()).toEqual([{ amount: 5 }])
    await projector.reset(definition)
    await expect.poll(() => projector.prune(definition), { timeout: 30_000 }).toEqual(['async@1'])
    expect(await rows()).toEqual([{ amount: 5 }])
    const tables =
      await storage.sql`select table_name from information_schema.tables where table_schema = database() and table_name like 'async%'`
    expect(tables).toHaveLength(1)
  })

  it('are set up for inline projections, and again where the process died in between', async () => {
    await using storage = await testStorage(database)
    await storage.sql`create table inline_payments_v1 (amount integer not null)`
    const inline = createInline(storage, [payments('inline')])
    await inline.start()
    await inline.append('account-b', [Account.events.paid({ amount: 7 })])
    expect(await storage.sql`select amount from inline_payments_v1 order by amount`).toEqual([{ amount: 5 }, { amount: 7 }])
  })
})
