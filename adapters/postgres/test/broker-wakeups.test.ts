import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMessenger, type Broker, type BrokerSubscription } from 'tutti/messaging'
import { postgresBroker, type PostgresBroker, type PostgresStorage } from '../src/index.ts'
import { wait } from './broker-setting.ts'
import { steps } from './broker-steps.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

/** Nothing is found by looking for it: a test of these that ends has been woken each time. */
const never = '1h'

describeWithServer('Consumers that wait on PostgreSQL', () => {
  const schema = ownSchema()
  let storage: PostgresStorage
  let broker: PostgresBroker
  let other: PostgresBroker

  beforeAll(async () => {
    storage = await testStorage(schema)
    broker = postgresBroker({ url, schema, poll: never })
    other = postgresBroker({ url, schema, poll: never })
    await broker.migrate()
  })

  afterAll(async () => {
    await Promise.all([broker, other].map((one) => one.close()))
    await storage.close()
    await dropSchema(schema)
  })

  const join = (on: Broker, group: string): Promise<BrokerSubscription> =>
    on.subscribe(steps.name, { group, lease: 3_600_000, onLost: () => undefined })
  const publish = (count: number): Promise<void> =>
    broker.publish(
      steps.name,
      Array.from({ length: count }, (_, n) => ({ id: `${n}`, key: 'k', headers: {}, body: `${n}`, delay: 0 })),
    )

  it('are woken as soon as the next messages of a key may be handed out', { timeout: 60_000 }, async () => {
    await using messenger = createMessenger(broker, { storage, lease: '1h' })
    const seen: number[] = []
    messenger.consume(steps, { group: 'one', concurrency: 2, prefetch: 20 }, async ({ data }) => {
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(data.n)
    })
    await messenger.start()
    await messenger.publishAll(
      steps,
      Array.from({ length: 500 }, (_, n) => ({ data: { key: 'k', n }, key: 'k' })),
    )
    await expect.poll(() => seen.length, wait).toBe(500)
    expect(seen).toEqual(Array.from({ length: 500 }, (_, n) => n))
  })

  it('are woken for the next attempt at a message', { timeout: 60_000 }, async () => {
    await using messenger = createMessenger(broker, { storage, lease: '1h' })
    const attempts: number[] = []
    messenger.consume(steps, { group: 'again', retry: { attempts: 5, delay: 30 } }, ({ attempt }) => {
      attempts.push(attempt)
      if (attempt < 4) throw new Error('Not yet.')
    })
    await messenger.start()
    await messenger.publish(steps, { key: 'k', n: 0 })
    await expect.poll(() => attempts, wait).toEqual([1, 2, 3, 4])
  })

  it.for(['here', 'elsewhere'])('are woken by what is given back %s', { timeout: 60_000 }, async (where) => {
    const group = `back-${where}`
    const holder = await join(where === 'here' ? broker : other, group)
    const waiter = await join(broker, group)
    await publish(3)
    const signal = new AbortController().signal
    const held = await holder.receive(3, signal)
    expect(held).toHaveLength(3)
    const waiting = waiter.receive(3, signal)
    await holder.settle(held.slice(0, 1).map((delivery) => ({ delivery, outcome: 'done' })))
    await holder.close()
    expect((await waiting).map(({ body }) => body)).toEqual(['1', '2'])
    await waiter.close()
  })
})
