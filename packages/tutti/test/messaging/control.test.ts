import { describe, expect, it } from 'vitest'
import { createProjector, subscription } from '../../src/projections/public.ts'
import { memoryBroker, topic } from '../../src/messaging/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import * as z from 'zod'
import { Account, pay } from '../projections/support.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 10_000, interval: 2 }
const order = (id: string) => ({ id, total: 1 })

describe('a consumer', () => {
  it('pauses in all processes, and goes on', async () => {
    const [storage, broker] = [memoryStorage(), memoryBroker()]
    const seen: string[] = []
    const processes = [bench({ storage, broker }), bench({ storage, broker })]
    for (const [i, { messenger }] of processes.entries()) {
      messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(`${i} ${data.id}`))
      await messenger.start()
    }
    const [one, other] = processes.map(({ messenger }) => messenger)
    await one?.publish(orders, order('a'))
    await expect.poll(() => seen.length, wait).toBe(1)
    await one?.pause({ topic: 'orders', group: 'g' })
    await expect.poll(async () => (await other?.status())?.[0]?.paused, wait).toBe(true)
    expect(await one?.status()).toMatchObject([{ topic: 'orders', group: 'g', paused: true, held: 0 }])
    await one?.publish(orders, order('b'))
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen).toHaveLength(1)
    expect(await one?.status()).toMatchObject([{ lag: { messages: 1 } }])
    // A process that starts now is paused as well.
    const late = bench({ storage, broker })
    late.messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(`late ${data.id}`))
    await late.messenger.start()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen).toHaveLength(1)
    await other?.resume({ topic: 'orders', group: 'g' })
    await expect.poll(() => seen.length, wait).toBe(2)
  })

  it('that pauses gives back what waits at hand, and finishes what it has begun', async () => {
    const { messenger, broker } = bench()
    const release = Promise.withResolvers<void>()
    const seen: string[] = []
    const consumer = messenger.consume(orders, { group: 'g', concurrency: 1 }, async ({ data }) => {
      await release.promise
      seen.push(data.id)
    })
    await messenger.start()
    for (const id of ['a', 'b', 'c']) await messenger.publish(orders, order(id), { key: 'k' })
    await expect.poll(async () => (await messenger.status())[0]?.running, wait).toBe(1)
    await messenger.pause(consumer)
    release.resolve()
    await expect.poll(async () => (await messenger.status())[0]?.held, wait).toBe(0)
    expect(seen).toEqual(['a'])
    expect(await broker.lag('orders', 'g')).toMatchObject({ messages: 2 })
    await messenger.resume(consumer)
    await expect.poll(() => seen, wait).toEqual(['a', 'b', 'c'])
  })

  it('that stops finishes what it has begun, and leaves the rest to others', async () => {
    const [storage, broker] = [memoryStorage(), memoryBroker()]
    const { messenger } = bench({ storage, broker })
    const seen: string[] = []
    const release = Promise.withResolvers<void>()
    messenger.consume(orders, { group: 'g', concurrency: 2 }, async ({ data }) => {
      await release.promise
      seen.push(data.id)
    })
    await messenger.start()
    for (const id of ['a', 'b', 'c', 'd']) await messenger.publish(orders, order(id))
    await expect.poll(async () => (await messenger.status())[0]?.running, wait).toBe(2)
    const stopped = messenger.stop()
    expect(messenger.stop()).toBe(stopped)
    release.resolve()
    await stopped
    expect(seen.toSorted()).toEqual(['a', 'b'])
    expect(await broker.lag('orders', 'g')).toMatchObject({ messages: 2 })
    const next = bench({ storage, broker })
    next.messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await next.messenger.start()
    await expect.poll(() => seen.toSorted(), wait).toEqual(['a', 'b', 'c', 'd'])
  })

  it('that stops does not wait for handlers for ever', async () => {
    const { messenger, broker } = bench()
    const reasons: unknown[] = []
    messenger.consume(orders, { group: 'g' }, async ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await new Promise(() => undefined)
    })
    await messenger.start()
    await messenger.publish(orders, order('a'))
    await expect.poll(async () => (await messenger.status())[0]?.running, wait).toBe(1)
    await messenger.stop(20)
    expect(reasons).toMatchObject([{ code: 'TUTTI_TIMEOUT' }])
    expect(await broker.lag('orders', 'g')).toMatchObject({ messages: 1 })
    expect(await messenger.deadLetters()).toEqual([])
  })

  it('is declared once, before the start, with options that make sense', async () => {
    const { messenger } = bench()
    const handler = (): void => undefined
    messenger.consume(orders, { group: 'g' }, handler)
    expect(() => messenger.consume(orders, { group: 'g' }, handler)).toThrow('twice')
    expect(() => messenger.consume(orders, { group: 'no slash/' }, handler)).toThrow('group received the name')
    expect(() => messenger.consume(orders, { group: 'h', concurrency: 0 }, handler)).toThrow('concurrency 0')
    expect(() => messenger.consume(orders, { group: 'h', prefetch: 1 }, handler)).toThrow('prefetch 1')
    await messenger.start()
    expect(() => messenger.consume(orders, { group: 'h' }, handler)).toThrow('started')
    await expect(messenger.pause({ topic: 'orders', group: '' })).rejects.toThrow('group received the name')
  })
})

describe('the log of events', () => {
  it('can be the outbox: a subscription relays events, each under its own id', async () => {
    const { messenger, storage } = bench()
    const payments = topic('payments', z.object({ account: z.string(), amount: z.number() }))
    const seen: unknown[] = []
    messenger.consume(payments, { group: 'g' }, ({ data, message }) => seen.push([message.id, message.key, message.causationId, data]))
    await messenger.start()
    const relay = subscription(
      'payments-relay',
      { from: [Account.events.paid], start: 'beginning' },
      messenger.relay(payments, ({ stream, data: { amount } }) => (amount > 1 ? { data: { account: stream, amount } } : undefined)),
    )
    for (const amount of [1, 2, 3]) await pay(storage, 'a', amount)
    await using projector = createProjector(storage, [relay])
    await projector.start()
    await expect.poll(() => seen.length, wait).toBe(2)
    const events = await storage.events.read('account-a').toArray()
    expect(seen).toEqual(events.slice(1).map(({ id }, i) => [id, 'account-a', id, { account: 'account-a', amount: i + 2 }]))
  })
})
