import { casesOf } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** The beginning and the end of a storage. */
export const closingCases = casesOf('opening and closing', {
  'it answers, and its schema is up to date': async ({ storage, check }) => {
    await storage.ping()
    const dry = await storage.migrate({ dryRun: true })
    check.same([dry.steps.length, dry.dryRun, dry.from], [0, true, dry.to])
    const wet = await storage.migrate()
    check.same([wet.from, wet.to, wet.steps.length], [dry.to, dry.to, 0])
  },

  'close waits for what is being written': async ({ storage, check, name }) => {
    const writes = Array.from({ length: 50 }, (_, n) => storage.events.append(name(`a${n % 5}`), [happened]))
    let answered = 0
    for (const write of writes) void write.then(() => answered++)
    await storage.close()
    const ends = await Promise.allSettled(writes)
    check.same(
      ends.filter(({ status }) => status === 'rejected'),
      [],
    )
    check.equal(answered, 50)
  },

  'close waits for transactions, which can go on': async ({ storage, check, name }) => {
    const begun = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    let ended = false
    const open = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      begun.resolve()
      await go.promise
      await tx.events.append(name('a'), [happened])
      return (await storage.events.info(name('a')))?.version
    })
    void open.then(() => (ended = true))
    await begun.promise
    const closed = storage.close()
    await check.fails(
      storage.transaction(async () => 1),
      'TUTTI_STORAGE_CLOSED',
    )
    go.resolve()
    await closed
    check.equal(ended, true)
    check.equal(await open, 2)
  },

  'later calls fail, and closing again does not': async ({ storage, check, name }) => {
    const { events, state } = storage
    const reader = events.read(name('a'))
    await Promise.all([storage.close(), storage.close()])
    await storage.close()
    const calls: (() => Promise<unknown>)[] = [
      () => events.append(name('a'), [happened]),
      () => events.read(name('a')).toArray(),
      () => reader.toArray(),
      () => events.readAll().toArray(),
      () => events.page(),
      () => events.info(name('a')),
      () => events.head(),
      () => events.truncate(name('a'), 1),
      () => events.archive(name('a')),
      () => events.tombstone(name('a')),
      () => events.forgetKeys('1d'),
      () => state.get(name('things/one')),
      () => state.getMany([name('things/one')]),
      () => state.put(name('things/one'), 1),
      () => state.delete(name('things/one')),
      () => state.list('things/'),
      () => state.claim('things', { owner: 'me', lease: 1, now: 1 }),
      () => state.renew([{ key: name('things/one'), epoch: 1 }], { owner: 'me', until: 1 }),
      () => storage.transaction(async () => 1),
      () => storage.ping(),
      () => storage.migrate(),
    ]
    for (const call of calls) await check.fails(call(), 'TUTTI_STORAGE_CLOSED')
    if (storage.capabilities.sql)
      await check.fails(
        Promise.resolve().then(() => storage.sql`select 1`),
        'TUTTI_STORAGE_CLOSED',
      )
  },
})
