import { casesOf, together, type CaseTools } from '../storage-case.ts'
import { counters, repositoryOf } from './counters.ts'

/** Repositories that know nothing of each other, as those of several processes do not. */
function processes({ open }: CaseTools, count: number): Promise<Awaited<ReturnType<typeof repositoryOf>>[]> {
  return together(count, async () => repositoryOf(await open()))
}

/** Commands that several processes decide. */
export const commandCases = casesOf('commands', {
  'one of many creators wins, whether in one process or in several': async (tools) => {
    const { storage, check, name } = tools
    const one = await repositoryOf(storage)
    const others = await processes(tools, 4)
    for (let round = 0; round < 5; round++) {
      const { open, stream } = counters(name(`round${round}`))
      const results = await together(12, (i) => (i % 3 === 0 ? one : (others[i % 4] ?? one)).execute(open()))
      const codes = results.map((result) => (result.ok ? 'ok' : result.code))
      check.same(codes.toSorted(), [...Array.from({ length: 11 }, () => 'OPEN_ALREADY'), 'ok'])
      check.equal((await storage.events.info(stream))?.version, 1)
    }
  },

  'what others have written is decided upon anew, so that no write is lost': async (tools) => {
    const { check, name } = tools
    const { Counter, add } = counters(name('counter'))
    const repositories = await processes(tools, 4)
    const results = await together(80, (i) => repositories[i % 4]?.execute(add(1)) ?? Promise.reject(new Error('no repository')))
    check.same(
      results.map((result) => (result.ok ? result.version : 0)).toSorted((a, b) => a - b),
      Array.from({ length: 80 }, (_, i) => i + 1),
    )
    for (const repository of repositories) check.same(await repository.load(Counter, 'c'), { isOpen: false, sum: 80 })
  },

  'rejections and commands that change nothing look at the storage first': async (tools) => {
    const { check, name } = tools
    const { add } = counters(name('counter'))
    const [here, there] = await processes(tools, 2)
    await here?.execute(add(1))
    await there?.execute(add(10))
    // In memory the sum is 1 here.
    const taken = await here?.execute(add(-5))
    check.same([taken?.ok, taken?.ok && taken.version], [true, 3])
    await there?.execute(add(1))
    const unchanged = await here?.execute(add(0))
    check.same([unchanged?.ok, unchanged?.ok && unchanged.version], [true, 4])
    const rejected = await there?.execute(add(-100))
    check.same(rejected?.ok === false && [rejected.code, rejected.details], ['NEGATIVE', { sum: 7 }])
  },

  'one of many with the same expected version writes': async (tools) => {
    const { check, name } = tools
    const { add } = counters(name('counter'))
    const repositories = await processes(tools, 4)
    await repositories[0]?.execute(add(1))
    const execute = async (i: number) => repositories[i % 4]?.execute(add(1, { expected: 1 }))
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => execute(i)))
    check.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') await check.fails(Promise.reject(outcome.reason as Error), 'TUTTI_PRECONDITION_FAILED')
  },

  'a key gives the first answer again, in every process and after a restart': async (tools) => {
    const { storage, check, name } = tools
    const { open, add, stream } = counters(name('counter'))
    const [here, there] = await processes(tools, 2)
    const first = await here?.execute(open({ key: 'k' }))
    await there?.execute(add(1))
    check.equal(first?.ok, true)
    // Decided anew it would be a rejection.
    for (const repository of [here, there, await repositoryOf(storage)]) {
      const again = await repository?.execute(open({ key: 'k' }))
      check.same(again?.ok && [again.version, again.position], first?.ok && [first.version, first.position])
    }
    check.equal((await storage.events.info(stream))?.version, 2)
  },

  'a key writes once under races': async (tools) => {
    const { check, name } = tools
    const { Counter, add } = counters(name('counter'))
    const repositories = await processes(tools, 4)
    const results = await together(12, (i) => repositories[i % 4]?.execute(add(1, { key: 'k' })) ?? Promise.reject(new Error('none')))
    check.equal(new Set(results.map((result) => result.ok && `${result.version} ${result.position}`)).size, 1)
    check.same(await repositories[0]?.load(Counter, 'c'), { isOpen: false, sum: 1 })
  },

  'several in one transaction see each other, and leave no trace when it fails': async (tools) => {
    const { storage, check, name } = tools
    const { Counter, add, stream } = counters(name('counter'), { every: 2 })
    const repository = await repositoryOf(storage)
    await repository.execute(add(1))
    const stop = new Error('stop')
    const outcome = storage.transaction(async () => {
      for (const version of [2, 3]) {
        const result = await repository.execute(add(1))
        check.equal(result.ok && result.version, version)
      }
      check.same(await repository.load(Counter, 'c'), { isOpen: false, sum: 3 })
      throw stop
    })
    check.equal(await outcome.catch((error: unknown) => error), stop)
    await repository.close()
    check.equal(await storage.state.get(`snapshots/${stream}`), undefined)
    check.same(await repository.load(Counter, 'c'), { isOpen: false, sum: 1 })
    const next = await repository.execute(add(1))
    check.equal(next.ok && next.version, 2)
  },

  'transactions over two aggregates in two processes keep their sum': async (tools) => {
    const { storage, check, name, open } = tools
    const { Counter } = counters(name('counter'))
    const storages = [storage, await open()]
    const repositories = await Promise.all(storages.map((one) => repositoryOf(one)))
    for (const id of ['a', 'b']) await repositories[0]?.execute(Counter.commands.add(id, { by: 50 }))
    let moved = 0
    await together(8, async (i) => {
      const [own, repository] = [storages[i % 2], repositories[i % 2]]
      const move = async (): Promise<void> => {
        // In the order of the ids, so that nobody waits in a circle.
        for (const [id, by] of [
          ['a', -1],
          ['b', 1],
        ] as const)
          await repository?.execute(Counter.commands.add(id, { by }))
      }
      // Whoever has begun a transaction begins it again.
      while (!(await own?.transaction(move).then(() => true, isConflict))) continue
      moved++
    })
    check.same(
      [await repositories[1]?.load(Counter, 'a'), await repositories[1]?.load(Counter, 'b')].map((state) => state?.sum),
      [50 - moved, 50 + moved],
    )
  },

  'a tombstone is nothing to load, and gone to commands, in every process': async (tools) => {
    const { storage, check, name } = tools
    const { Counter, add, stream } = counters(name('counter'))
    const repositories = await processes(tools, 2)
    for (const repository of repositories) await repository.execute(add(1))
    await storage.events.tombstone(stream)
    for (const repository of repositories) {
      check.same([await repository.find(Counter, 'c'), await repository.exists(Counter, 'c')], [undefined, false])
      await check.fails(repository.execute(add(1)), 'TUTTI_STREAM_TOMBSTONED')
    }
  },
})

/** False for an error after which a transaction is begun again; others are thrown. */
function isConflict(error: unknown): false {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'TUTTI_STREAM_CONFLICT' || code === 'TUTTI_STORAGE_CONTENTION') return false
  throw error
}
