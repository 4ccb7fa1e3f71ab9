import { casesOf, needsSql } from './storage-case.ts'

const happened = { type: 'thing.happened', data: {} }

/** Transactions within transactions, and calls that join the one around them. */
export const nestedCases = casesOf('nested transactions', {
  'a nested one that throws is undone alone': async ({ storage, check, name }) => {
    const [a, b] = [name('a'), name('b')]
    await storage.transaction(async (tx) => {
      await tx.events.append(a, [happened])
      const outcome = tx.transaction(async (inner) => {
        await inner.events.append(a, [happened])
        await inner.events.append(b, [happened], { key: 'k' })
        await inner.state.put(name('things/one'), 1)
        throw new Error('stop')
      })
      check.equal(await outcome.catch((error: unknown) => (error as Error).message), 'stop')
      check.equal((await tx.events.info(a))?.version, 1)
      check.equal((await tx.events.append(a, [happened], { expected: 1 })).version, 2)
    })
    check.equal((await storage.events.info(a))?.version, 2)
    check.same([await storage.events.info(b), await storage.state.get(name('things/one'))], [undefined, undefined])
    check.equal((await storage.events.append(b, [happened], { key: 'k' })).duplicate, false)
  },

  'the outer one takes the nested one with it': async ({ storage, check, name }) => {
    const outcome = storage.transaction(async (tx) => {
      await tx.transaction((inner) => inner.events.append(name('a'), [happened]))
      throw new Error('stop')
    })
    await outcome.catch(() => undefined)
    check.equal(await storage.events.info(name('a')), undefined)
  },

  'three deep, with the middle undone': async ({ storage, check, name }) => {
    const calls: string[] = []
    await storage.transaction(async (one) => {
      one.onCommit(() => calls.push('one'))
      await one.events.append(name('one'), [happened])
      const middle = one.transaction(async (two) => {
        two.onCommit(() => calls.push('two'))
        await two.events.append(name('two'), [happened])
        await two.transaction(async (three) => {
          three.onCommit(() => calls.push('three'))
          await three.events.append(name('three'), [happened])
        })
        throw new Error('stop')
      })
      await middle.catch(() => undefined)
      await one.transaction(async (two) => {
        two.onCommit(() => calls.push('again'))
        await two.events.append(name('again'), [happened])
      })
    })
    check.same(calls, ['one', 'again'])
    const there = await Promise.all(['one', 'two', 'three', 'again'].map((of) => storage.events.info(name(of))))
    check.same(
      there.map((info) => info?.version),
      [1, undefined, undefined, 1],
    )
  },

  'two nested ones at a time do not mix': async ({ storage, check, name }) => {
    await storage.transaction(async (tx) => {
      const bad = tx.transaction(async (inner) => {
        await inner.events.append(name('bad'), [happened])
        await new Promise((resolve) => setTimeout(resolve, 5))
        throw new Error('stop')
      })
      const good = tx.transaction(async (inner) => {
        await inner.events.append(name('good'), [happened])
        await new Promise((resolve) => setTimeout(resolve, 1))
        await inner.events.append(name('good'), [happened])
      })
      const beside = tx.events.append(name('beside'), [happened])
      await Promise.allSettled([bad, good, beside])
    })
    const there = await Promise.all(['bad', 'good', 'beside'].map((of) => storage.events.info(name(of))))
    check.same(
      there.map((info) => info?.version),
      [undefined, 2, 1],
    )
  },

  'the outer one’s own handle joins the nested one': async ({ storage, check, name }) => {
    await storage.transaction(async (outer) => {
      const nested = outer.transaction(async () => {
        await outer.events.append(name('a'), [happened])
        throw new Error('stop')
      })
      await nested.catch(() => undefined)
    })
    check.equal(await storage.events.info(name('a')), undefined)
  },

  'calls around it join in, nested ones too': async ({ storage, check, name }) => {
    const { events, state } = storage
    const outcome = storage.transaction(async () => {
      await events.append(name('a'), [happened])
      await state.put(name('things/one'), 1)
      check.equal((await events.info(name('a')))?.version, 1)
      check.equal((await events.read(name('a')).toArray()).length, 1)
      await storage.transaction(async () => {
        await events.append(name('b'), [happened])
      })
      throw new Error('stop')
    })
    await outcome.catch(() => undefined)
    const left = await Promise.all([events.info(name('a')), events.info(name('b')), state.get(name('things/one'))])
    check.same(left, [undefined, undefined, undefined])
  },

  'SQL around it joins in': {
    skip: needsSql,
    run: async ({ storage, check, name }) => {
      const table = storage.sql.id(name('t').replaceAll('-', '_'))
      await storage.sql`create table ${table} (id integer primary key)`
      try {
        await storage.transaction(async (tx) => {
          await storage.sql`insert into ${table} (id) values (${1})`
          const nested = tx.transaction(async () => {
            await storage.sql`insert into ${table} (id) values (${2})`
            throw new Error('stop')
          })
          await nested.catch(() => undefined)
        })
        const rows = await storage.sql<{ id: number }>`select id from ${table}`
        check.same(
          rows.map(({ id }) => Number(id)),
          [1],
        )
      } finally {
        await storage.sql`drop table ${table}`
      }
    },
  },

  'it can be asked which one is going on': async ({ storage, check }) => {
    check.equal(storage.running, undefined)
    await storage.transaction(async (tx) => {
      check.ok(storage.running === tx, 'the one around the call')
      await tx.transaction(async (inner) => check.ok(storage.running === inner, 'the innermost one'))
      check.ok(storage.running === tx, 'the outer one again')
    })
    check.equal(storage.running, undefined)
  },

  'a transaction of another kind is refused as tx': async ({ storage, check, name }) => {
    await check.fails(storage.events.append(name('a'), [happened], { tx: {} }), 'TUTTI_OPTION_INVALID')
    await check.fails(storage.state.put(name('things/one'), 1, { tx: {} }), 'TUTTI_OPTION_INVALID')
    await storage.transaction(async (tx) => {
      await check.fails(tx.events.append(name('a'), [happened], { tx: {} }), 'TUTTI_OPTION_INVALID')
      await storage.events.append(name('a'), [happened], { tx })
    })
    check.equal((await storage.events.info(name('a')))?.version, 1)
  },

  'work that outlives it fails instead of going elsewhere': async ({ storage, check, name }) => {
    const ended = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    await storage.transaction(async (tx) => {
      late = ended.promise.then(() => storage.events.append(name('late'), [happened]))
      await tx.events.append(name('a'), [happened])
    })
    ended.resolve()
    await check.fails(late ?? Promise.resolve(), 'TUTTI_TRANSACTION_ENDED')
    check.equal(await storage.events.info(name('late')), undefined)
  },
})
