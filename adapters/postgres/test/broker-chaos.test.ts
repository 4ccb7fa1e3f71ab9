import { expect, it } from 'vitest'
import { createMessenger, type Messenger } from 'tutti/messaging'
import { postgresBroker } from '../src/index.ts'
import { eachSetting, wait } from './broker-setting.ts'
import { steps, type Step } from './broker-steps.ts'
import { describeWithServer, url } from './test-storage.ts'

const seed = Number(process.env['TUTTI_SEED'] ?? Math.trunc(Math.random() * 2 ** 31))
const keys = Array.from({ length: 8 }, (_, i) => `k${i}`)
const total = 1200

describeWithServer(`Consumers in disorder (TUTTI_SEED=${seed})`, () => {
  const setting = eachSetting()
  const closings: (() => Promise<void>)[] = []

  /** A messenger on connections of its own, which the server tells from others by their name. */
  function consumer(name: string, handle: (step: Step) => unknown): Messenger {
    const place = new URL(url)
    place.searchParams.set('application_name', name)
    const { schema, storage } = setting()
    const broker = postgresBroker({ url: place.href, schema, poll: '300ms', pool: { max: 3 } })
    // Nothing of what is claimed comes back by itself while the test runs.
    const messenger = createMessenger(broker, { storage, lease: '1h', interval: '50ms' })
    const retry = { attempts: 1000, delay: 2, maxDelay: 20 }
    messenger.consume(steps, { group: 'g', concurrency: 4, prefetch: 24, retry }, ({ data }) => handle(data))
    closings.push(async () => {
      await messenger.stop()
      await broker.close()
    })
    return messenger
  }

  it(
    'do each message once, and none is stuck, whichever connections are cut and whoever pauses or ends',
    { timeout: 150_000 },
    async () => {
      // Before the schema goes: what still reads in it would be in each other's way with that.
      await using _ = { [Symbol.asyncDispose]: async () => void (await Promise.all(closings.map((close) => close()))) }
      const { broker, messenger: publisher, storage } = setting()
      const random = randomOf(seed)
      const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, random() * most))
      const done: Step[] = []
      const handle = async (step: Step): Promise<void> => {
        if (random() < 0.2) await pause(5)
        if (random() < 0.05) throw new Error('It is to come again.')
        done.push(step)
      }
      const cut = `chaos_${setting().schema}`
      const cutters = ['a', 'b'].map((name) => consumer(`${cut}_${name}`, handle))
      for (const one of cutters) await one.start()

      let published = 0
      let working = true
      const publishing = (async () => {
        const counts = new Map<string, number>()
        for (let n = 0; n < total; n += 20) {
          const items = Array.from({ length: 20 }, () => {
            // Some have no key.
            const key = keys[Math.trunc(random() * keys.length * 2)]
            const name = key ?? 'none'
            const at = counts.get(name) ?? 0
            counts.set(name, at + 1)
            return { data: { key: name, n: at }, ...(key !== undefined && { key }) }
          })
          await publisher.publishAll(steps, items)
          published += items.length
          await pause(30)
        }
      })()
      const cutting = (async () => {
        while (working) {
          await pause(120)
          await storage.sql`select pg_terminate_backend(pid) from pg_stat_activity
          where application_name like ${`${cut}%`} and random() < 0.5`
        }
      })()
      const pausing = (async () => {
        for (const name = { topic: steps.name, group: 'g' }; working;) {
          await pause(400)
          await publisher.pause(name)
          await pause(60)
          await publisher.resume(name)
        }
      })()
      const ending = (async () => {
        for (let i = 0; working; i++) {
          const visitor = consumer(`guest_${setting().schema}_${i}`, handle)
          await visitor.start()
          await pause(300)
          await visitor.stop()
        }
      })()

      await publishing
      await expect.poll(() => done.length, wait).toBe(published)
      working = false
      await Promise.all([cutting, pausing, ending])
      await expect.poll(async () => (await broker.lag(steps.name, 'g')).messages, wait).toBe(0)
      const numbers = (name: string): number[] => done.filter(({ key }) => key === name).map(({ n }) => n)
      for (const key of keys) expect(numbers(key), key).toEqual(numbers(key).toSorted((a, b) => a - b))
      expect(new Set(done.map(({ key, n }) => `${key} ${n}`)).size).toBe(published)
      expect(await publisher.deadLetters()).toEqual([])
    },
  )
})

/** Numbers from 0 to 1, the same ones for a seed. */
function randomOf(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
