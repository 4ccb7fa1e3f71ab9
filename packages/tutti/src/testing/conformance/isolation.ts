import { casesOf } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** What others see of an open transaction. */
export const isolationCases = casesOf('isolation', {
  'nobody sees what is not committed, and nobody waits to read': async ({ storage, check, name }) => {
    const { events, state } = storage
    await events.append(name('a'), [happened])
    await state.put(name('things/one'), 1)
    const after = await events.head()
    const wrote = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const open = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      await tx.events.append(name('b'), [happened])
      await tx.state.put(name('things/one'), 2)
      await tx.state.put(name('things/two'), 2)
      wrote.resolve()
      await go.promise
    })
    try {
      await wrote.promise
      check.equal((await events.info(name('a')))?.version, 1)
      check.equal(await events.info(name('b')), undefined)
      check.equal((await events.read(name('a')).toArray()).length, 1)
      check.same((await events.page({ after })).events, [])
      check.equal((await state.get(name('things/one')))?.value, 1)
      check.equal((await state.list(name('things/two'))).length, 0)
      check.equal(await state.get(name('things/two')), undefined)
    } finally {
      go.resolve()
    }
    await open
    check.equal((await events.page({ after })).events.length, 2)
    check.equal((await state.get(name('things/two')))?.value, 2)
  },

  'a transaction that is rolled back was never there': async ({ storage, check, name }) => {
    const { events } = storage
    const after = await events.head()
    const wrote = Promise.withResolvers<void>()
    const go = Promise.withResolvers<void>()
    const open = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened, happened])
      wrote.resolve()
      await go.promise
      throw new Error('stop')
    })
    await wrote.promise
    const other = events.append(name('a'), [{ type: 'thing.other', data: {} }])
    check.same((await events.page({ after })).events, [])
    go.resolve()
    await open.catch(() => undefined)
    check.equal((await other).version, 1)
    const seen = (await events.page({ after })).events
    check.same(
      seen.map(({ type, streamVersion }) => [type, streamVersion]),
      [['thing.other', 1]],
    )
  },

  'a writer elsewhere is not stalled by an open transaction': {
    skip: ({ oneWriter }) => (oneWriter === true ? 'the storage has one writer at a time' : undefined),
    run: async ({ storage, check, name }) => {
      const { events } = storage
      const after = await events.head()
      const wrote = Promise.withResolvers<void>()
      const go = Promise.withResolvers<void>()
      const open = storage.transaction(async (tx) => {
        await tx.events.append(name('slow'), [happened])
        wrote.resolve()
        await go.promise
      })
      try {
        await wrote.promise
        await events.append(name('fast'), [happened])
        check.equal((await events.info(name('fast')))?.version, 1)
      } finally {
        go.resolve()
      }
      await open
      check.equal((await events.page({ after })).events.length, 2)
    },
  },
})
