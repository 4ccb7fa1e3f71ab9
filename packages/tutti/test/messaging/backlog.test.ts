import { describe, expect, it } from 'vitest'
import { MessagingError } from '../../src/messaging/errors.ts'
import { memoryBroker, type Broker } from '../../src/messaging/public.ts'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 10_000, interval: 5 }

/** What gauges show, by their names and labels; ages are in whole minutes. */
function shown(registry: MetricRegistry): Record<string, number> {
  const all: Record<string, number> = {}
  for (const { name, kind, series } of registry.collect())
    for (const one of kind === 'gauge' ? series : [])
      if ('value' in one)
        all[[name, ...Object.values(one.labels)].join(' ')] = name.endsWith('.age') ? Math.floor(one.value / 60) : one.value
  return all
}

/** A broker that can be out of reach for those who publish. */
function unreliable(): { readonly broker: Broker; isAway: boolean } {
  const broker = memoryBroker()
  const network = {
    isAway: false,
    broker: new Proxy(broker, {
      get: (target, name) =>
        name === 'publish' && network.isAway
          ? () => Promise.reject(new MessagingError('TUTTI_BROKER_UNAVAILABLE', 'away', { status: 503 }))
          : Reflect.get(target, name, target),
    }),
  }
  return network
}

describe('the metrics of what waits', () => {
  it('show the outbox, with the age of the oldest message', async () => {
    const registry = new MetricRegistry()
    const network = unreliable()
    network.isAway = true
    const { messenger, storage } = bench({ broker: network.broker, meter: createMeter('m', { registry }) })
    await messenger.start()
    await storage.transaction(async (tx) => {
      await messenger.publish(orders, { id: 'a', total: 1 }, { tx })
      await messenger.publish(orders, { id: 'b', total: 1 }, { tx })
    })
    await storage.state.put('outbox/orders/old', old, { status: 'ready', due: Date.now() - 150_000 })
    await expect
      .poll(() => shown(registry), wait)
      .toEqual({ 'tutti.outbox.messages ready': 3, 'tutti.outbox.messages delayed': 0, 'tutti.outbox.age': 2 })
  })

  it('show how far consumers are behind, and their dead letters', async () => {
    const registry = new MetricRegistry()
    const { messenger } = bench({ meter: createMeter('m', { registry }) })
    messenger.consume(orders, { group: 'slow', concurrency: 1, retry: { attempts: 1 } }, ({ data }) => {
      if (data.id === 'bad') throw new Error('no')
      return gate.promise
    })
    const gate = Promise.withResolvers<void>()
    await messenger.start()
    for (const id of ['bad', 'a', 'b', 'c']) await messenger.publish(orders, { id, total: 1 })
    await expect.poll(async () => (await messenger.deadLetters()).length, wait).toBe(1)
    await expect.poll(async () => (await messenger.status())[0]?.lag?.messages, wait).toBe(3)
    await expect
      .poll(() => shown(registry), wait)
      .toMatchObject({
        'tutti.messages.lag orders slow': 3,
        'tutti.messages.lag.age orders slow': 0,
        'tutti.messages.dead_letters orders slow': 1,
        'tutti.outbox.messages ready': 0,
        'tutti.outbox.age': 0,
      })
    gate.resolve()
    await messenger.stop()
    expect(shown(registry)).toEqual({})
  })
})

/** A message of the outbox, as another process may have left it. */
const old = { topic: 'orders', id: 'old', key: undefined, headers: {}, body: '{}', delay: 0 }
