import { describe, expect, it } from 'vitest'
import { memoryBroker, type Broker, type Delivery } from '../../src/messaging/public.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 30_000, interval: 2 }
const quick = { delay: 1, jitter: 'none' } as const

/** A broker that leaves retries to the messenger, as most do. */
const plainBroker = (broker: Broker): Broker => ({ ...brokerLike(broker), capabilities: { ...broker.capabilities, retries: false } })

/** A broker whose deliveries are seen differently. */
function brokerLike(broker: Broker, seen: (delivery: Delivery) => Delivery = (delivery) => delivery): Broker {
  return {
    kind: 'plain',
    capabilities: broker.capabilities,
    publish: (topic, messages) => broker.publish(topic, messages),
    async subscribe(topic, options) {
      const subscription = await broker.subscribe(topic, options)
      const originals = new Map<Delivery, Delivery>()
      return {
        async receive(limit, signal) {
          const received = await subscription.receive(limit, signal)
          return received.map((delivery) => {
            const changed = seen(delivery)
            originals.set(changed, delivery)
            return changed
          })
        },
        settle: (settlements) =>
          subscription.settle(settlements.map((one) => ({ ...one, delivery: originals.get(one.delivery) ?? one.delivery }))),
        close: () => subscription.close(),
      }
    },
    lag: (topic, group) => broker.lag(topic, group),
    ping: () => broker.ping(),
    close: () => broker.close(),
    [Symbol.asyncDispose]: () => broker.close(),
  }
}

describe.each([
  ['that retries itself', (broker: Broker) => broker],
  ['that leaves retries to the messenger', plainBroker],
])('a handler that fails, on a broker %s', (_, brokerOf) => {
  it('is called again with backoff, and those of the key wait', async () => {
    const clock = fakeClock()
    const { messenger } = bench({ clock, broker: brokerOf(memoryBroker({ clock })) })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g', retry: { attempts: 3, delay: '10s', jitter: 'none' } }, ({ data, attempt }) => {
      seen.push(`${data.id} ${attempt}`)
      if (data.id === 'a' && attempt < 3) throw new Error('not yet')
    })
    await messenger.start()
    for (const [id, key] of [
      ['a', 'k'],
      ['b', 'k'],
      ['c', 'other'],
    ] as const)
      await messenger.publish(orders, { id, total: 1 }, { key })
    await clock.advance(1)
    expect(seen).toEqual(['a 1', 'c 1'])
    await clock.advance('10s')
    expect(seen).toEqual(['a 1', 'c 1', 'a 2'])
    await clock.advance('20s')
    expect(seen).toEqual(['a 1', 'c 1', 'a 2', 'a 3', 'b 1'])
    expect(await messenger.deadLetters()).toEqual([])
  })

  it('leaves a dead letter in the end, and those of the key go on', async () => {
    const { messenger, broker } = bench({ broker: brokerOf(memoryBroker()) })
    const seen: string[] = []
    const billing = messenger.consume(orders, { group: 'billing', retry: { attempts: 2, ...quick } }, ({ data }) => {
      seen.push(data.id)
      if (data.id === 'bad') throw Object.assign(new Error('no such order'), { code: 'NO_ORDER' })
    })
    await messenger.start()
    const id = await messenger.publish(orders, { id: 'bad', total: 1 }, { key: 'k', headers: { 'x-region': 'eu' } })
    await messenger.publish(orders, { id: 'good', total: 1 }, { key: 'k' })
    await expect.poll(() => seen, wait).toEqual(['bad', 'bad', 'good'])
    const [letter] = await messenger.deadLetters(billing)
    expect(letter).toMatchObject({
      topic: 'orders',
      group: 'billing',
      messageId: id,
      key: 'k',
      attempts: 2,
      status: 'dead',
      body: '{"id":"bad","total":1}',
      headers: { 'x-region': 'eu', 'ce-type': 'orders' },
      error: { message: 'no such order', code: 'NO_ORDER', stack: expect.stringContaining('failures.test') },
    })
    await expect.poll(() => broker.lag('orders', 'billing'), wait).toEqual({ messages: 0, oldest: undefined })
  })

  it('may put the message back without an attempt having counted', async () => {
    const clock = fakeClock()
    const { messenger } = bench({ clock, broker: brokerOf(memoryBroker({ clock })) })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g', retry: { attempts: 1 } }, ({ data, attempt, requeue }) => {
      seen.push(`${data.id} ${attempt}`)
      if (seen.length === 1) requeue('1m')
    })
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 }, { key: 'k' })
    await messenger.publish(orders, { id: 'b', total: 1 }, { key: 'k' })
    await clock.advance('59s')
    expect(seen).toEqual(['a 1'])
    await clock.advance('1s')
    expect(seen).toEqual(['a 1', 'a 1', 'b 1'])
  })

  it('may reject the message at once', async () => {
    const { messenger } = bench({ broker: brokerOf(memoryBroker()) })
    let calls = 0
    messenger.consume(orders, { group: 'g' }, ({ reject }) => {
      calls++
      reject('the customer is gone')
    })
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await expect
      .poll(() => messenger.deadLetters(), wait)
      .toMatchObject([{ attempts: 1, error: { code: 'TUTTI_MESSAGE_REJECTED', message: expect.stringContaining('the customer is gone') } }])
    expect(calls).toBe(1)
  })

  it('that takes too long has failed, and its signal fires', async () => {
    const clock = fakeClock()
    const { messenger } = bench({ clock, broker: brokerOf(memoryBroker({ clock })) })
    const reasons: unknown[] = []
    messenger.consume(orders, { group: 'g', timeout: '5s', retry: { attempts: 1 } }, async ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason))
      await new Promise(() => undefined)
    })
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await clock.advance('4s')
    expect(reasons).toEqual([])
    await clock.advance('1s')
    expect(reasons).toMatchObject([{ code: 'TUTTI_TIMEOUT' }])
    expect(await messenger.deadLetters()).toMatchObject([{ error: { code: 'TUTTI_TIMEOUT' } }])
  })
})

describe('a message', () => {
  it('that cannot be read or does not fit becomes a dead letter at once', async () => {
    const { messenger, broker } = bench()
    let calls = 0
    messenger.consume(orders, { group: 'g' }, () => calls++)
    await messenger.start()
    const ce = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': 'elsewhere', 'ce-type': 'orders', 'content-type': 'application/json' }
    const messages = [
      { id: '1', headers: {}, body: '{}' },
      { id: '2', headers: { ...ce, 'ce-id': '2' }, body: '{' },
      { id: '3', headers: { ...ce, 'ce-id': '3' }, body: '{"id":1}' },
      { id: '4', headers: { 'content-type': 'application/cloudevents+json' }, body: '[]' },
    ]
    await broker.publish(
      'orders',
      messages.map((message) => ({ ...message, key: undefined, delay: 0 })),
    )
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(4)
    const codes = (await messenger.deadLetters()).map(({ messageId, error }) => `${messageId} ${error.code}`)
    expect(codes.toSorted()).toEqual([
      '1 TUTTI_MESSAGE_UNREADABLE',
      '2 TUTTI_MESSAGE_UNREADABLE',
      '3 TUTTI_MESSAGE_INVALID',
      '4 TUTTI_MESSAGE_UNREADABLE',
    ])
    expect(calls).toBe(0)
  })

  it('that was handed out too often is set aside unhandled', async () => {
    const memory = memoryBroker()
    // As if processes had died with it.
    const broker = brokerLike(memory, (delivery) => ({ ...delivery, deliveries: 4 }))
    const { messenger } = bench({ broker })
    let calls = 0
    messenger.consume(orders, { group: 'g', maxDeliveries: 3 }, () => calls++)
    await messenger.start()
    await messenger.publish(orders, { id: 'poison', total: 1 })
    await expect.poll(() => messenger.deadLetters(), wait).toMatchObject([{ deliveries: 4, error: { code: 'TUTTI_MESSAGE_UNSETTLED' } }])
    expect(calls).toBe(0)
    await expect.poll(() => memory.lag('orders', 'g'), wait).toMatchObject({ messages: 0 })
  })
})

describe('dead letters', () => {
  it('are handled again when that is asked for, one or many', async () => {
    const { messenger } = bench()
    let isBroken = true
    const seen: string[] = []
    const consumer = messenger.consume(orders, { group: 'g', retry: { attempts: 1 } }, ({ data, attempt }) => {
      if (isBroken) throw new Error('broken')
      seen.push(`${data.id} ${attempt}`)
    })
    await messenger.start()
    for (const id of ['a', 'b', 'c']) await messenger.publish(orders, { id, total: 1 })
    await expect.poll(async () => (await messenger.deadLetters(consumer)).length, wait).toBe(3)
    expect(await messenger.replay(consumer)).toBe(3)
    await expect
      .poll(async () => (await messenger.deadLetters(consumer)).map(({ status, attempts }) => `${status} ${attempts}`), wait)
      .toEqual(['dead 2', 'dead 2', 'dead 2'])
    isBroken = false
    const [first] = await messenger.deadLetters(consumer)
    expect(await messenger.replay(consumer, [first?.id ?? '', 'orders/g/none', 'orders/other/x'])).toBe(1)
    await expect.poll(() => seen.length, wait).toBe(1)
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(2)
    expect(await messenger.replay(consumer)).toBe(2)
    await expect.poll(() => seen.toSorted(), wait).toEqual(['a 3', 'b 3', 'c 3'])
    await expect.poll(() => messenger.deadLetters(), wait).toEqual([])
  })

  it('can be forgotten by id, all, and by age', async () => {
    const clock = fakeClock()
    const { messenger } = bench({ clock, broker: memoryBroker({ clock }) })
    const consumer = messenger.consume(orders, { group: 'g' }, ({ reject }) => reject('no'))
    const other = messenger.consume(orders, { group: 'other' }, ({ reject }) => reject('no'))
    await messenger.start()
    for (const id of ['a', 'b', 'c']) {
      await messenger.publish(orders, { id, total: 1 })
      await clock.advance('1d')
    }
    const letters = await messenger.deadLetters(consumer)
    expect(letters.map(({ body }) => JSON.parse(String(body)).id)).toEqual(['a', 'b', 'c'])
    expect(await messenger.discard(consumer, [letters[1]?.id ?? ''])).toBe(1)
    expect(await messenger.purge('2d', consumer)).toBe(1)
    expect(await messenger.discard(consumer)).toBe(1)
    expect(await messenger.deadLetters(consumer)).toEqual([])
    expect(await messenger.purge('1d')).toBe(2)
    expect(await messenger.deadLetters(other)).toHaveLength(1)
  })
})
