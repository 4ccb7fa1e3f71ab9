import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createMessenger, memoryBroker, type Broker } from '../../src/messaging/public.ts'
import { MessagingError } from '../../src/messaging/errors.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 10_000, interval: 2 }

async function openStorage(kind: string): Promise<Storage> {
  if (kind === 'memory') return memoryStorage()
  const folder = mkdtempSync(join(tmpdir(), 'tutti-messages-'))
  const storage = sqliteStorage({ path: join(folder, 'test.db') })
  onTestFinished(async () => {
    await storage.close()
    rmSync(folder, { recursive: true })
  })
  await storage.migrate()
  return storage
}

/** A broker whose `publish` does something else first. */
function publishing(broker: Broker, first: (topic: string, ids: readonly string[]) => void): Broker {
  return {
    kind: 'test',
    capabilities: broker.capabilities,
    async publish(topic, messages) {
      first(
        topic,
        messages.map(({ id }) => id),
      )
      await broker.publish(topic, messages)
    },
    subscribe: (topic, options) => broker.subscribe(topic, options),
    lag: (topic, group) => broker.lag(topic, group),
    ping: () => broker.ping(),
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

describe.each(['memory', 'sqlite'])('a message published within a transaction (%s)', (kind) => {
  it('leaves with it, and not at all without it', async () => {
    const { messenger, storage } = bench({ storage: await openStorage(kind) })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await expect(
      storage.transaction(async () => {
        await messenger.publish(orders, { id: 'never', total: 1 })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await storage.transaction(async (tx) => {
      await tx.state.put('things/a', 1)
      await messenger.publish(orders, { id: 'ambient', total: 1 })
      await new Promise((resolve) => setTimeout(resolve, 60))
      expect(seen).toEqual([])
    })
    await expect.poll(() => seen, wait).toEqual(['ambient'])
    await expect.poll(() => storage.state.list('outbox/'), wait).toEqual([])
  })

  it('keeps the order of its key, whoever relays', async () => {
    const storage = await openStorage(kind)
    const broker = memoryBroker()
    const one = bench({ storage, broker })
    const other = bench({ storage, broker })
    const seen: string[] = []
    one.messenger.consume(orders, { group: 'g', concurrency: 4 }, ({ data }) => seen.push(data.id))
    await one.messenger.start()
    await other.messenger.start()
    for (let i = 0; i < 40; i++) {
      const { messenger } = i % 2 === 0 ? one : other
      await storage.transaction(async () => {
        await messenger.publish(orders, { id: `k${i}`, total: i }, { key: 'k' })
        await messenger.publish(orders, { id: `l${i}`, total: i }, { key: 'l' })
      })
    }
    await expect.poll(() => seen.length, wait).toBe(80)
    for (const key of ['k', 'l'])
      expect(seen.filter((id) => id.startsWith(key))).toEqual(Array.from({ length: 40 }, (_, i) => `${key}${i}`))
  })
})

describe('the outbox', () => {
  it('waits for a broker that cannot be reached, and keeps a message that it refuses', async () => {
    let isDown = true
    const refused: string[] = []
    const broker = publishing(memoryBroker(), (_, ids) => {
      if (isDown) throw new MessagingError('TUTTI_BROKER_UNAVAILABLE', 'It is down.', { status: 503 })
      if (ids.includes('refused')) {
        refused.push('refused')
        throw new Error('The message is too large.')
      }
    })
    const { messenger, storage } = bench({ broker })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await storage.transaction(async () => {
      for (const id of ['a', 'refused', 'b']) await messenger.publish(orders, { id, total: 1 }, { id, key: 'k' })
      await messenger.publish(orders, { id: 'c', total: 1 }, { id: 'c', key: 'l' })
    })
    await expect(messenger.publish(orders, { id: 'd', total: 1 })).rejects.toMatchObject({ code: 'TUTTI_BROKER_UNAVAILABLE' })
    expect(seen).toEqual([])
    isDown = false
    await expect.poll(() => seen.toSorted(), wait).toEqual(['a', 'c'])
    await expect.poll(() => refused.length, wait).toBeGreaterThan(1)
    const left = await storage.state.list<{ id: string }>('outbox/')
    expect(left.map(({ value }) => value.id)).toEqual(['refused', 'b'])
  })

  it('is relayed by another process when the one that committed is gone', async () => {
    const storage = memoryStorage()
    const broker = memoryBroker()
    const gone = bench({ storage, broker })
    // It never starts, so it relays nothing.
    await storage.transaction(() => gone.messenger.publish(orders, { id: 'a', total: 1 }))
    const { messenger } = bench({ storage, broker })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await expect.poll(() => seen, wait).toEqual(['a'])
  })

  it('holds delayed messages back where the broker cannot', async () => {
    const clock = fakeClock()
    const memory = memoryBroker({ clock })
    const broker: Broker = { ...publishing(memory, () => undefined), capabilities: { ...memory.capabilities, delays: false } }
    const { messenger } = bench({ clock, broker, interval: '1m', storage: memoryStorage({ clock }) })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await messenger.publishAll(orders, [{ data: { id: 'later', total: 1 }, delay: '1h' }, { data: { id: 'now', total: 1 } }])
    await clock.advance('59m')
    expect(seen).toEqual(['now'])
    await clock.advance('3m')
    expect(seen).toEqual(['now', 'later'])
  })

  it('forgets the counters of keys in time', async () => {
    const clock = fakeClock()
    const storage = memoryStorage({ clock })
    const { messenger } = bench({ clock, storage, broker: memoryBroker({ clock }), interval: '1s' })
    await messenger.start()
    await storage.transaction(() => messenger.publish(orders, { id: 'a', total: 1 }, { key: 'k' }))
    await clock.advance('5s')
    expect(await storage.state.list('outbox-keys/')).toHaveLength(1)
    await clock.advance('90s')
    expect(await storage.state.list('outbox-keys/')).toEqual([])
  })

  it('needs a storage', async () => {
    const memory = memoryBroker()
    const broker: Broker = { ...publishing(memory, () => undefined), capabilities: { ...memory.capabilities, delays: false } }
    const messenger = createMessenger(broker)
    await expect(messenger.publish(orders, { id: 'a', total: 1 }, { delay: 1 })).rejects.toThrow('the option storage')
    expect(() => messenger.consume(orders, { group: 'g' }, () => undefined)).toThrow('the option storage')
    await expect(messenger.deadLetters()).rejects.toThrow('the option storage')
    await messenger.stop()
  })

  it('is empty when a messenger has stopped that put something into it', async () => {
    const storage = memoryStorage()
    const broker = memoryBroker()
    const { messenger } = bench({ storage, broker })
    await messenger.start()
    await storage.transaction(() => messenger.publish(orders, { id: 'a', total: 1 }))
    await messenger.stop()
    expect(await storage.state.list('outbox/')).toEqual([])
    const next = bench({ storage, broker })
    const seen: string[] = []
    next.messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await next.messenger.start()
    await expect.poll(() => seen, wait).toEqual(['a'])
  })
})
