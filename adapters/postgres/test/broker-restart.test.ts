import { afterAll, beforeAll, expect, it } from 'vitest'
import { createMessenger } from 'tutti/messaging'
import { postgres, postgresBroker, type PostgresBroker, type PostgresStorage } from '../src/index.ts'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { steps } from './broker-steps.ts'
import { describeWithServer } from './test-storage.ts'

const wait = { timeout: 40_000, interval: 20 }

describeWithServer('A broker whose server goes away', () => {
  let server: PrivateServer
  let storage: PostgresStorage
  let broker: PostgresBroker

  beforeAll(async () => {
    server = await privateServer('postgres')
    storage = postgres({ url: server.url, pool: { connectTimeout: '2s' } })
    broker = postgresBroker({ url: server.url, poll: '200ms', pool: { connectTimeout: '2s' } })
    await storage.migrate()
  }, 60_000)

  afterAll(async () => {
    await broker.close()
    await storage.close()
    await server.remove()
  }, 60_000)

  it.for(['stop', 'crash'] as const)(
    'loses no message over a %s in mid-flight, and does none twice that goes through the inbox',
    { timeout: 120_000 },
    async (how) => {
      const messenger = createMessenger(broker, { storage, lease: '2s', interval: '100ms' })
      const group = `group-${how}`
      messenger.consume(steps, { group, inbox: true, retry: { attempts: 1000, delay: 20, maxDelay: 200 } }, async ({ data, tx }) => {
        await tx?.events.append(`effect-${data.key}`, [{ type: 'effect.done', data }])
      })
      await messenger.start()
      const acknowledged: string[] = []
      let refused = 0
      let working = true
      const publishers = Array.from({ length: 4 }, async (_, i) => {
        const key = `${how}-${i}`
        for (let n = 0; working; n++) {
          try {
            // Every other one takes the way over the outbox.
            if (n % 2 === 0) await messenger.publish(steps, { key, n }, { key })
            else await storage.transaction(() => messenger.publish(steps, { key, n }, { key }))
            acknowledged.push(`${key} ${n}`)
          } catch (error) {
            refused++
            expect(error).toMatchObject({ status: 503 })
            await new Promise((resolve) => setTimeout(resolve, 20))
          }
        }
      })
      await expect.poll(() => acknowledged.length, wait).toBeGreaterThan(60)
      await server[how]()
      await expect.poll(() => refused, wait).toBeGreaterThan(4)
      await expect(broker.ping()).rejects.toMatchObject({ code: 'TUTTI_BROKER_UNAVAILABLE', status: 503 })
      const before = acknowledged.length
      await server.start()
      await expect.poll(() => acknowledged.length, wait).toBeGreaterThan(before + 30)
      working = false
      await Promise.all(publishers)
      const done = async (): Promise<string[]> => {
        const events = await storage.events.readAll({ streams: [`effect-${how}`] }).toArray()
        return events.map(({ data }) => data as { key: string; n: number }).map(({ key, n }) => `${key} ${n}`)
      }
      await expect.poll(async () => (await broker.lag(steps.name, group)).messages, wait).toBe(0)
      await expect.poll(() => storage.state.list('outbox/', { limit: 1 }), wait).toEqual([])
      await expect.poll(async () => (await broker.lag(steps.name, group)).messages, wait).toBe(0)
      await expect.poll(async () => (await messenger.status())[0]?.held, wait).toBe(0)
      const effects = await done()
      expect(effects.length).toBe(new Set(effects).size)
      const seen = new Set(effects)
      expect(acknowledged.filter((one) => !seen.has(one))).toEqual([])
      expect(await messenger.deadLetters()).toEqual([])
      await messenger.stop()
    },
  )
})
