import { describe, expect, it } from 'vitest'
import { createProjector, projection, type Projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { Account, documentsOf, openStorage, pay, storages, sums, totals, until } from './support.ts'

/** Counts what it tells the world, by `version:amount`. */
function telling(version: number, told: string[], segments = 8): Projection {
  return projection(
    't',
    { from: [Account], version, segments, batch: 10 },
    {
      'account.paid': async ({ data, stream }, { documents, afterCommit }) => {
        documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount * version)
        afterCommit(() => told.push(`${version}:${data.amount}`))
      },
    },
  )
}

describe.each(storages)('a new version of a projection on %s', (kind) => {
  it('is built silently beside the old one, and is read from once it has caught up', async () => {
    const storage = await openStorage(kind)
    const told: string[] = []
    const first = telling(1, told)
    const old = createProjector(storage, [first])
    await old.start()
    for (let i = 1; i <= 30; i++) await pay(storage, String(i % 4), i)
    await old.waitFor(first, 30)
    const second = telling(2, told, 3)
    await using next = createProjector(storage, [second])
    await next.start()
    await until(async () => (await next.status())[0]?.version === 2)
    const position = await pay(storage, '1', 100)
    await next.waitFor(second, position)
    expect((await next.status())[0]).toMatchObject({ version: 2, state: 'running', next: undefined })
    const sums = await totals(storage)
    const doubled = Object.fromEntries(Object.entries(sums).map(([key, sum]) => [key, sum * 2]))
    expect(await documentsOf(storage, 't@2')).toEqual(doubled)
    expect(await next.view(second).get('account-1')).toBe(doubled['account-1'])
    expect(told.toSorted()).toEqual([...Array.from({ length: 30 }, (_, i) => `1:${i + 1}`), '2:100'].toSorted())
    await old.stop()
    expect(Object.keys(await documentsOf(storage, 't@1'))).toHaveLength(4)
    expect(await next.prune(second)).toEqual(['t@1'])
    expect(await documentsOf(storage, 't@1')).toEqual({})
    expect(await next.prune(second)).toEqual([])
  })

  it('does each side effect once while both versions are at work', async () => {
    const storage = await openStorage(kind)
    const told: string[] = []
    const old = createProjector(storage, [telling(1, told)])
    await old.start()
    let amount = 0
    const payMore = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await pay(storage, String(amount % 5), ++amount)
    }
    await payMore(25)
    const second = telling(2, told)
    const next = createProjector(storage, [second])
    await next.start()
    while ((await next.status())[0]?.version !== 2) await payMore(3)
    await payMore(20)
    await next.waitFor(second, amount)
    await old.stop()
    await next.stop()
    const amounts = told.map((one) => Number(one.slice(2))).toSorted((a, b) => a - b)
    expect(amounts).toEqual(Array.from({ length: amount }, (_, i) => i + 1))
    expect(told.some((one) => one.startsWith('2:'))).toBe(true)
    const doubled = Object.entries(await totals(storage)).map(([key, sum]) => [key, sum * 2])
    expect(await documentsOf(storage, 't@2')).toEqual(Object.fromEntries(doubled))
  })

  it('takes over where the old one has stopped for good', async () => {
    const storage = await openStorage(kind)
    const told: string[] = []
    const old = createProjector(storage, [telling(1, told)])
    await old.start()
    await old.waitFor('t', await pay(storage, 'a', 1))
    await old.stop()
    const position = await pay(storage, 'a', 2)
    const second = telling(2, told)
    await using next = createProjector(storage, [second])
    await next.start()
    await next.waitFor(second, position)
    expect(told).toEqual(['1:1', '2:2'])
  })

  it('does not run ahead of the old one, whose side effects would be left out', async () => {
    const storage = await openStorage(kind)
    const told: string[] = []
    const old = createProjector(storage, [telling(1, told)])
    await old.start()
    const opened = Account.events.opened({ customer: 'x' })
    await storage.events.append(
      'account-o',
      Array.from({ length: 25 }, () => opened),
    )
    for (let i = 26; i <= 30; i++) await pay(storage, String(i), i)
    await old.waitFor('t', 30)
    await old.stop()
    for (let i = 31; i <= 34; i++) await pay(storage, String(i), i)
    const second = telling(2, told)
    await using next = createProjector(storage, [second])
    await next.start()
    await next.waitFor(second, 34)
    await until(async () => (await next.status())[0]?.version === 2)
    expect(told.toSorted()).toEqual(['1:26', '1:27', '1:28', '1:29', '1:30', '2:31', '2:32', '2:33', '2:34'])
  })
})

describe('an older process', () => {
  it('lets a newer version be', async () => {
    const storage = memoryStorage()
    const told: string[] = []
    const second = telling(2, told)
    await using next = createProjector(storage, [second])
    await next.start()
    await using old = createProjector(storage, [telling(1, told)])
    await old.start()
    await next.waitFor(second, await pay(storage, 'a', 1))
    expect(told).toEqual(['2:1'])
    expect(await storage.state.list('t@1/')).toEqual([])
  })
})

describe('a reset', () => {
  it('builds the same version anew beside itself', async () => {
    const clock = fakeClock()
    const storage = memoryStorage({ clock })
    let factor = 1
    const definition = projection(
      'r',
      { from: [Account] },
      {
        'account.paid': async ({ data, stream }, { documents }) => {
          documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount * factor)
        },
      },
    )
    await using projector = createProjector(storage, [definition], { clock })
    await projector.start()
    for (const amount of [1, 2, 3]) await pay(storage, 'a', amount)
    await projector.waitFor(definition, 3)
    factor = 10
    await projector.reset(definition)
    await until(async () => {
      await clock.advance('100ms')
      return (await projector.view(definition).get('account-a')) === 60
    })
    expect(await documentsOf(storage, 'r@1')).toEqual({ 'account-a': 6 })
    expect(await projector.prune(definition)).toEqual(['r@1'])
    await projector.waitFor(definition, await pay(storage, 'a', 4))
    expect(await projector.view(definition).get('account-a')).toBe(100)
  })

  it('sets its own tables up, and prunes those of before', async () => {
    const storage = await openStorage('sqlite')
    const definition = projection(
      'r',
      {
        from: [Account],
        setup: ({ sql, table }) => sql`create table ${table('paid')} (amount integer)`,
        teardown: ({ sql, table }) => sql`drop table ${table('paid')}`,
      },
      { 'account.paid': ({ data }, { sql, table }) => sql`insert into ${table('paid')} values (${data.amount})` },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    await projector.reset(definition)
    await until(async () => (await projector.prune(definition)).includes('r@1'))
    expect(await storage.sql`select amount from ${projector.view(definition).table('paid')}`).toEqual([{ amount: 1 }])
    const tables = await storage.sql<{ name: string }>`select name from sqlite_schema where name like 'paid%'`
    expect(tables).toEqual([{ name: 'paid_v1_1' }])
  })

  it('of a paused projection waits until it is resumed', async () => {
    const storage = memoryStorage()
    const definition = sums()
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    await projector.pause(definition)
    await projector.reset(definition)
    expect((await projector.status())[0]).toMatchObject({ state: 'paused', next: { version: 1, position: 0 } })
    await projector.resume(definition)
    await until(async () => (await projector.status())[0]?.next === undefined)
    expect(await projector.view(definition).get('account-a')).toBe(1)
  })
})
