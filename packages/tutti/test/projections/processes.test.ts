import { describe, expect, it } from 'vitest'
import { createProjector, projection } from '../../src/projections/public.ts'
import { memoryStorage, type Storage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { processOf } from './frozen-storage.ts'
import { Account, documentsOf, pay, sums, totals, until } from './support.ts'

async function owners(storage: Storage, build = 'sums@1'): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { owner = 'nobody' } of await storage.state.list(`checkpoints/${build}/`)) counts[owner] = (counts[owner] ?? 0) + 1
  return counts
}

describe('a process that dies', () => {
  it('is taken over from within the lease, and nothing is handled twice', async () => {
    const shared = memoryStorage()
    const clock = fakeClock()
    const dying = processOf(shared)
    const a = createProjector(dying.storage, [sums()], { clock, owner: 'a', lease: '15s' })
    await a.start()
    await pay(shared, 'x', 1)
    await until(async () => (await documentsOf(shared, 'sums@1'))['account-x'] === 1)
    dying.kill()
    await pay(shared, 'x', 2)
    const b = createProjector(shared, [sums()], { clock, owner: 'b', lease: '15s' })
    await b.start()
    await clock.advance('9s')
    expect(await owners(shared)).toEqual({ a: 8 })
    await clock.advance('7s')
    expect((await owners(shared))['b']).toBeGreaterThanOrEqual(4)
    // The dead one still counts until it has not been heard of for as long.
    await clock.advance('15s')
    expect(await owners(shared)).toEqual({ b: 8 })
    await until(async () => (await documentsOf(shared, 'sums@1'))['account-x'] === 3)
    await b.stop()
    await a.stop()
  })

  it('rolls back what it had not committed', async () => {
    const shared = memoryStorage()
    const clock = fakeClock()
    const dying = processOf(shared)
    const a = createProjector(
      dying.storage,
      [
        projection(
          'sums',
          { from: [Account] },
          {
            'account.paid': ({ stream, data }, { documents }) => {
              documents.put(stream, data.amount)
              dying.kill()
            },
          },
        ),
      ],
      { clock, owner: 'a' },
    )
    await a.start()
    await pay(shared, 'x', 7)
    await clock.advance(1)
    expect(await documentsOf(shared, 'sums@1')).toEqual({})
    const b = createProjector(shared, [sums()], { clock, owner: 'b' })
    await b.start()
    await clock.advance('40s')
    expect(await documentsOf(shared, 'sums@1')).toEqual({ 'account-x': 7 })
    await a.stop()
    await b.stop()
  })
})

describe('a process that sleeps through its lease', () => {
  it('cannot write what it had begun: its successor has', async () => {
    const shared = memoryStorage()
    const clock = fakeClock()
    const sleepy = processOf(shared)
    const calls: string[] = []
    const counting = (owner: string) =>
      projection(
        'sums',
        { from: [Account] },
        {
          'account.paid': async ({ stream, data }, { documents }) => {
            calls.push(owner)
            documents.put(stream, ((await documents.get<number>(stream)) ?? 0) + data.amount)
          },
        },
      )
    const a = createProjector(sleepy.storage, [counting('a')], { clock, owner: 'a' })
    await a.start()
    await clock.advance(1)
    sleepy.freeze()
    await pay(shared, 'x', 5)
    const b = createProjector(shared, [counting('b')], { clock, owner: 'b' })
    await b.start()
    await clock.advance('40s')
    expect(await owners(shared)).toEqual({ b: 8 })
    expect(calls).toEqual(['b'])
    sleepy.thaw()
    await clock.advance('10ms')
    expect(await documentsOf(shared, 'sums@1')).toEqual({ 'account-x': 5 })
    // Awake again, it takes its share and works on.
    await until(async () => {
      await clock.advance('1s')
      return (await owners(shared))['a'] === 4
    })
    await pay(shared, 'x', 6)
    await pay(shared, 'y', 6)
    await clock.advance('1s')
    expect(await documentsOf(shared, 'sums@1')).toEqual(await totals(shared))
    await a.stop()
    await b.stop()
  })
})
