import { describe, expect, it } from 'vitest'
import { memoryBroker } from '../../src/messaging/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 10_000, interval: 2 }

describe('the inbox', () => {
  it('handles a message once, however often it comes', async () => {
    const { messenger, storage } = bench()
    let calls = 0
    messenger.consume(orders, { group: 'g', inbox: true }, async ({ data, tx }) => {
      calls++
      const before = (await tx?.state.get<number>('sums/all'))?.value ?? 0
      await tx?.state.put('sums/all', before + data.total)
    })
    await messenger.start()
    for (const id of ['1', '2', '1', '2', '1']) await messenger.publish(orders, { id, total: 10 }, { id, key: 'k' })
    await messenger.publish(orders, { id: '3', total: 1 }, { id: '3', key: 'k' })
    await expect.poll(async () => (await storage.state.get('sums/all'))?.value, wait).toBe(21)
    expect(calls).toBe(3)
  })

  it('undoes what a failed attempt wrote, and what it published', async () => {
    const { messenger, storage } = bench()
    const seen: string[] = []
    messenger.consume(orders, { group: 'g', inbox: true, retry: { delay: 1 } }, async ({ data, attempt }) => {
      if (data.total === 0) return void seen.push(data.id)
      await storage.state.put(`attempts/${attempt}`, true)
      await messenger.publish(orders, { id: `from ${attempt}`, total: 0 })
      if (attempt < 3) throw new Error('not yet')
    })
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await expect.poll(() => seen, wait).toEqual(['from 3'])
    expect((await storage.state.list('attempts/')).map(({ key }) => key)).toEqual(['attempts/3'])
  })

  it('lets a message be handled again that was put back or rejected', async () => {
    const { messenger } = bench()
    let calls = 0
    messenger.consume(orders, { group: 'g', inbox: true }, ({ requeue, reject }) => (++calls === 1 ? requeue() : reject('no')))
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(1)
    expect(calls).toBe(2)
  })

  it('rolls back a handler that took too long, even when it ends later', async () => {
    const { messenger, storage } = bench()
    const release = Promise.withResolvers<void>()
    let calls = 0
    messenger.consume(
      orders,
      { group: 'g', inbox: true, timeout: 50, retry: { attempts: 1000, delay: 1, maxDelay: 5 } },
      async ({ tx }) => {
        if (++calls === 1) await release.promise
        await tx?.state.put(`calls/${calls}`, true)
      },
    )
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await expect.poll(() => calls, wait).toBeGreaterThan(0)
    await new Promise((resolve) => setTimeout(resolve, 80))
    release.resolve()
    await expect.poll(() => storage.state.list('inbox/'), wait).toHaveLength(1)
    expect(await storage.state.list('calls/')).toHaveLength(1)
    expect(await messenger.deadLetters()).toEqual([])
  })

  it('is another one for each group, and forgets in time', async () => {
    const clock = fakeClock()
    const storage = memoryStorage({ clock })
    const { messenger } = bench({ clock, storage, broker: memoryBroker({ clock }), interval: '1m', inboxRetention: '1h' })
    const seen: string[] = []
    for (const group of ['a', 'b']) messenger.consume(orders, { group, inbox: true }, () => void seen.push(group))
    await messenger.start()
    await messenger.publish(orders, { id: '1', total: 1 }, { id: 'x'.repeat(400) })
    await clock.advance('50m')
    expect(seen.toSorted()).toEqual(['a', 'b'])
    expect(await storage.state.list('inbox/')).toHaveLength(2)
    await clock.advance('20m')
    expect(await storage.state.list('inbox/')).toEqual([])
  })
})
