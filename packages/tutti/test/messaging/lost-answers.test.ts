import { describe, expect, it } from 'vitest'
import { memoryBroker } from '../../src/messaging/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { lossyStorage } from '../fixtures/lossy-storage.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 30_000, interval: 2 }

function lossyBench() {
  const clock = fakeClock()
  const storage = lossyStorage(memoryStorage())
  const { messenger } = bench({ clock, storage, broker: memoryBroker({ clock }), interval: '100ms' })
  const begun = clock.now()
  /** Waits until a condition holds while at most so much time passes, which is less than any lease. */
  const soon = (condition: () => unknown): Promise<void> =>
    expect
      .poll(async () => {
        if (clock.now() - begun < 9_000) await clock.advance(20)
        return Boolean(await condition())
      }, wait)
      .toBe(true)
  return { clock, storage, messenger, soon }
}

describe('the relay of the outbox', () => {
  it.for(['claim', 'put', 'write'] as const)('goes on at once, and sends once, where the answer to a %s gets lost', async (method) => {
    const { clock, storage, messenger, soon } = lossyBench()
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    const publish = (id: string): Promise<string> => storage.transaction(() => messenger.publish(orders, { id, total: 1 }, { key: 'k' }))
    await publish('first')
    await soon(() => seen.length === 1)
    // The lease is taken, given back, and what was sent is removed.
    const about = (argument: unknown): boolean => JSON.stringify(argument).includes(method === 'write' ? '"delete":true' : 'outbox-relay')
    storage.loseAnswerTo(method, about)
    // With pauses, in which it gives back its lease.
    let next = clock.now() + 500
    await soon(async () => {
      if (storage.toLose > 0 && clock.now() > next) {
        next += 500
        await publish(`at ${next}`)
      }
      return storage.toLose === 0
    })
    await publish('last')
    await soon(() => seen.includes('last'))
    expect(seen.length).toBe(new Set(seen).size)
    await soon(async () => (await storage.state.list('outbox/')).length === 0)
  })
})

describe('a message', () => {
  it('that went through the inbox is no dead letter because the answer to its commit got lost', async () => {
    const { storage, messenger, soon } = lossyBench()
    let calls = 0
    messenger.consume(orders, { group: 'g', inbox: true, retry: { attempts: 1 } }, async ({ data, tx }) => {
      calls++
      await tx?.state.put(`effects/${data.id}`, true)
    })
    await messenger.start()
    storage.loseAnswerTo('commit')
    for (const id of ['a', 'b']) await messenger.publish(orders, { id, total: 1 }, { key: 'k' })
    await soon(async () => (await storage.state.list('effects/')).length === 2)
    await soon(async () => (await messenger.status())[0]?.held === 0)
    expect(storage.toLose).toBe(0)
    expect(calls).toBe(2)
    expect(await messenger.deadLetters()).toEqual([])
  })

  it('is one dead letter, and is not handled again, where the answer to that gets lost', async () => {
    const { storage, messenger, soon } = lossyBench()
    let calls = 0
    messenger.consume(orders, { group: 'g', retry: { attempts: 1 } }, () => {
      if (++calls === 1) throw new Error('no')
    })
    await messenger.start()
    storage.loseAnswerTo('write', (argument) => JSON.stringify(argument).includes('dead-messages'))
    await messenger.publish(orders, { id: 'a', total: 1 })
    await soon(async () => (await messenger.status())[0]?.held === 0)
    expect(storage.toLose).toBe(0)
    expect(calls).toBe(1)
    expect(await messenger.deadLetters()).toMatchObject([{ attempts: 1, error: { message: 'no' } }])
  })
})
