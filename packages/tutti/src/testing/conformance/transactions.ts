import { casesOf, needsSql, together } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Transactions over events and documents. */
export const transactionCases = casesOf('transactions', {
  'several streams and documents commit as one': async ({ storage, check, name }) => {
    const { events, state } = storage
    const [a, b, key] = [name('a'), name('b'), name('things/one')]
    const answer = await storage.transaction(async (tx) => {
      const first = await tx.events.append(a, [happened])
      const second = await tx.events.append(b, [happened, happened], { expected: 'none' })
      const third = await tx.events.append(a, [happened], { expected: first.version })
      check.ok(first.position < second.position && second.position < third.position, 'positions grow within a transaction')
      check.equal(await tx.state.put(key, { n: 1 }), 1)
      return third.version
    })
    check.equal(answer, 2)
    check.same([(await events.info(a))?.version, (await events.info(b))?.version], [2, 2])
    check.same((await state.get(key))?.value, { n: 1 })
  },

  'a throw leaves nothing behind': async ({ storage, check, name }) => {
    const { events, state } = storage
    const [stream, fresh, key, other] = [name('a'), name('b'), name('things/one'), name('things/two')]
    await events.append(stream, [happened])
    await state.put(key, { n: 1 })
    const after = await events.head()
    const stop = new Error('stop')
    const outcome = storage.transaction(async (tx) => {
      await tx.events.append(stream, [happened, happened])
      await tx.events.append(fresh, [happened], { key: 'k' })
      await tx.events.archive(stream)
      await tx.state.put(key, { n: 2 })
      await tx.state.put(other, { n: 3 })
      await tx.state.delete(key)
      throw stop
    })
    check.equal(await outcome.catch((error: unknown) => error), stop, 'the error of the work comes out')
    check.same(await events.info(stream), { stream, version: 1, first: 1, archived: false, tombstoned: false })
    check.equal(await events.info(fresh), undefined)
    check.same([(await state.get(key))?.value, await state.get(other)], [{ n: 1 }, undefined])
    check.same(await events.readAll({ after }).toArray(), [])
    check.equal((await events.append(fresh, [happened], { key: 'k', expected: 'none' })).version, 1)
  },

  'a conflict can be caught, and what else was done commits': async ({ storage, check, name }) => {
    const [a, b] = [name('a'), name('b')]
    await storage.transaction(async (tx) => {
      await tx.events.append(a, [happened])
      await check.fails(tx.events.append(a, [happened], { expected: 'none' }), 'TUTTI_STREAM_CONFLICT')
      await check.fails(tx.state.put(name('things/one'), 1, { ifVersion: 7 }), 'TUTTI_DOCUMENT_CONFLICT')
      await tx.events.append(b, [happened])
    })
    check.same([(await storage.events.info(a))?.version, (await storage.events.info(b))?.version], [1, 1])
  },

  'a conflict that is not caught rolls everything back': async ({ storage, check, name }) => {
    const outcome = storage.transaction(async (tx) => {
      await tx.events.append(name('a'), [happened])
      await tx.events.append(name('b'), [happened], { expected: 'exists' })
    })
    await check.fails(outcome, 'TUTTI_STREAM_CONFLICT')
    check.equal(await storage.events.info(name('a')), undefined)
  },

  'a transaction sees what it wrote': async ({ storage, check, name }) => {
    const [stream, key] = [name('a'), name('things/one')]
    await storage.events.append(stream, [happened])
    await storage.transaction(async (tx) => {
      await tx.events.append(stream, [{ type: 'thing.changed', data: { n: 2 } }])
      const read = await tx.events.read(stream).toArray()
      check.same(
        read.map(({ type }) => type),
        ['thing.happened', 'thing.changed'],
      )
      check.equal((await tx.events.info(stream))?.version, 2)
      await tx.state.put(key, { n: 1 }, { status: 'open' })
      check.same((await tx.state.get(key))?.value, { n: 1 })
      check.equal((await tx.state.list(name('things/one'), { status: 'open' })).length, 1)
      await tx.state.delete(key)
      check.equal(await tx.state.get(key), undefined)
    })
  },

  'calls that are not awaited one by one are done in their order': async ({ storage, check, name }) => {
    const stream = name('a')
    await storage.transaction(async (tx) => {
      await together(10, (n) => tx.events.append(stream, [{ type: 'thing.counted', data: { n } }], { expected: n }))
    })
    const read = await storage.events.read(stream).toArray()
    check.same(
      read.map(({ data }) => (data as { n: number }).n),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    )
  },

  'what was started but not awaited commits as well': async ({ storage, check, name }) => {
    const stream = name('a')
    let started: Promise<unknown> | undefined
    await storage.transaction(async (tx) => {
      started = tx.events.append(stream, [happened])
    })
    await started
    check.equal((await storage.events.info(stream))?.version, 1)
  },

  'use after the end fails': async ({ storage, check, name }) => {
    const kept = await storage.transaction(async (tx) => tx)
    await check.fails(kept.events.append(name('a'), [happened]), 'TUTTI_TRANSACTION_ENDED')
    await check.fails(kept.state.get(name('things/one')), 'TUTTI_TRANSACTION_ENDED')
    await check.fails(
      kept.transaction(async () => 1),
      'TUTTI_TRANSACTION_ENDED',
    )
    await check.fails(storage.events.append(name('a'), [happened], { tx: kept }), 'TUTTI_TRANSACTION_ENDED')
    check.equal(await storage.events.info(name('a')), undefined)
  },

  'callbacks run after the commit, and only then': async ({ storage, check, name }) => {
    const calls: string[] = []
    const outcome = storage.transaction(async (tx) => {
      tx.onCommit(() => calls.push('never'))
      await tx.events.append(name('a'), [happened])
      throw new Error('stop')
    })
    await outcome.catch(() => undefined)
    await storage.transaction(async (tx) => {
      tx.onCommit(() => calls.push('first'))
      tx.onCommit(() => calls.push('second'))
      await tx.events.append(name('a'), [happened])
      check.same(calls, [])
    })
    check.same(calls, ['first', 'second'])
  },

  'many at once do not get in each other’s way': async ({ storage, check, name }) => {
    const total = name('things/total')
    await storage.state.put(total, 0)
    await together(12, async (n) => {
      for (let attempt = 0; ; attempt++) {
        try {
          await storage.transaction(async (tx) => {
            const before = await tx.state.get<number>(total)
            await tx.events.append(name(`a${n}`), [happened])
            await tx.state.put(total, (before?.value ?? 0) + 1, { ifVersion: before?.version ?? 0 })
          })
          return
        } catch (error) {
          if (attempt > 100) throw error
        }
      }
    })
    check.equal((await storage.state.get(total))?.value, 12)
    for (let n = 0; n < 12; n++) check.equal((await storage.events.info(name(`a${n}`)))?.version, 1)
  },

  'the user’s own SQL is part of it': {
    skip: needsSql,
    run: async ({ storage, check, name }) => {
      const table = storage.sql.id(name('t').replaceAll('-', '_'))
      await storage.sql`create table ${table} (id integer primary key, label varchar(100))`
      try {
        await storage.transaction(async (tx) => {
          await tx.sql`insert into ${table} (id, label) values (${1}, ${"it's; drop table x --"})`
          await tx.events.append(name('a'), [happened])
        })
        const outcome = storage.transaction(async (tx) => {
          await tx.sql`insert into ${table} (id, label) values (${2}, ${'gone'})`
          await tx.events.append(name('a'), [happened])
          throw new Error('stop')
        })
        await outcome.catch(() => undefined)
        const rows = await storage.sql<{ id: number; label: string }>`select id, label from ${table} order by id`
        check.same(
          rows.map(({ id, label }) => [Number(id), label]),
          [[1, "it's; drop table x --"]],
        )
        check.equal((await storage.events.info(name('a')))?.version, 1)
      } finally {
        await storage.sql`drop table ${table}`
      }
    },
  },

  'SQL after the end fails, and so does SQL that is wrong': {
    skip: needsSql,
    run: async ({ storage, check, name }) => {
      const kept = await storage.transaction(async (tx) => tx.sql)
      await check.fails(Promise.resolve(kept`select 1 as one`), 'TUTTI_TRANSACTION_ENDED')
      await check.fails(kept.query('select 1 as one'), 'TUTTI_TRANSACTION_ENDED')
      const wrong = storage.transaction(async (tx) => {
        await tx.events.append(name('a'), [happened])
        await tx.sql`select * from ${tx.sql.id(name('no_such_table'))}`
      })
      check.ok(await wrong.then(() => false).catch(() => true), 'wrong SQL fails the transaction')
      check.equal(await storage.events.info(name('a')), undefined)
    },
  },

  'an SQL error that the work hides is never half a commit': {
    skip: needsSql,
    run: async ({ storage, check, name }) => {
      const outcome = await storage
        .transaction(async (tx) => {
          await tx.events.append(name('a'), [happened])
          await tx.sql`select * from ${tx.sql.id(name('no_such_table'))}`.run().catch(() => undefined)
        })
        .then(() => 'committed')
        .catch(() => 'failed')
      const version = (await storage.events.info(name('a')))?.version
      check.equal(version, outcome === 'committed' ? 1 : undefined, `the transaction ${outcome}`)
    },
  },
})
