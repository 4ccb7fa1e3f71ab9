import type { SnapshotOptions } from '../../../events/index.ts'
import type { Storage } from '../../../storage/index.ts'
import { casesOf } from '../storage-case.ts'
import { counters, repositoryOf } from './counters.ts'

/** What a process that has just started sees of a counter, and from how many events it had to build it. */
async function fresh(storage: Storage, name: string, policy?: SnapshotOptions): Promise<{ sum: number; evolved: number }> {
  const { Counter, seen } = counters(name, policy)
  const repository = await repositoryOf(storage)
  const { sum } = await repository.load(Counter, 'c')
  await repository.close()
  return { sum, evolved: seen.evolved }
}

/** Adds 1 so often. */
async function fill(
  storage: Storage,
  name: string,
  { times, policy }: { readonly times: number; readonly policy?: SnapshotOptions },
): Promise<void> {
  const { add } = counters(name, policy)
  const repository = await repositoryOf(storage)
  for (let i = 0; i < times; i++) await repository.execute(add(1))
  await repository.close()
}

/** States of before, and snapshots of them. */
export const historyCases = casesOf('states of aggregates', {
  'snapshots are written every so many events, and spare other processes the replay': async ({ storage, check, name, open }) => {
    const of = name('counter')
    await fill(storage, of, { times: 25, policy: { every: 10 } })
    const { stream } = counters(of)
    const saved = await storage.state.get<{ version: number; state: unknown }>(`snapshots/${stream}`)
    check.same([saved?.value.version, saved?.value.state], [20, { isOpen: false, sum: 20 }])
    check.same(await fresh(await open(), of, { every: 10 }), { sum: 25, evolved: 5 })
  },

  'a load that had to read much writes a snapshot; another version of it is not read': async ({ storage, check, name, open }) => {
    const of = name('counter')
    await fill(storage, of, { times: 25 })
    check.same(await fresh(storage, of, { every: 10 }), { sum: 25, evolved: 25 })
    check.same(await fresh(await open(), of, { every: 10 }), { sum: 25, evolved: 0 })
    check.same(await fresh(storage, of, { every: 10, version: 2 }), { sum: 25, evolved: 25 })
    check.same(await fresh(storage, of, { every: 10, version: 2 }), { sum: 25, evolved: 0 })
  },

  'a snapshot stands in for truncated events': async ({ storage, check, name, open }) => {
    const of = name('counter')
    const policy = { every: 10 }
    await fill(storage, of, { times: 20, policy })
    const { stream, add } = counters(of, policy)
    await storage.events.truncate(stream, 21)
    check.same(await fresh(storage, of, policy), { sum: 20, evolved: 0 })
    const next = await (await repositoryOf(await open())).execute(add(1))
    check.equal(next.ok && next.version, 21)
    check.same(await fresh(storage, of, policy), { sum: 21, evolved: 1 })
    const { Counter } = counters(of)
    await storage.state.delete(`snapshots/${stream}`)
    await check.fails((await repositoryOf(storage)).load(Counter, 'c'), 'TUTTI_STREAM_TRUNCATED')
  },

  'the state at a version and at a time': async ({ storage, check, name }) => {
    for (const policy of [undefined, { every: 4 }]) {
      const of = name(policy === undefined ? 'plain' : 'saved')
      await fill(storage, of, { times: 10, ...(policy && { policy }) })
      const { Counter, stream } = counters(of, policy)
      const repository = await repositoryOf(storage)
      const events = await storage.events.read(stream).toArray()
      for (const version of [1, 9, 10]) {
        const found = await repository.inspect(Counter, 'c', { version })
        check.same(found, { state: { isOpen: false, sum: version }, version, position: events[version - 1]?.position })
      }
      check.equal(await repository.find(Counter, 'c', { version: 11 }), undefined)
      const [first, last] = [events[0]?.time.getTime() ?? 0, events[9]?.time.getTime() ?? 0]
      check.equal(await repository.find(Counter, 'c', { time: first - 1 }), undefined)
      const early = await repository.load(Counter, 'c', { time: first })
      check.equal(early.sum, events.filter(({ time }) => time.getTime() <= first).length)
      check.equal((await repository.load(Counter, 'c', { time: new Date(last) })).sum, 10)
      check.equal((await repository.load(Counter, 'c', { time: last, version: 5 })).sum, 5)
    }
  },
})
