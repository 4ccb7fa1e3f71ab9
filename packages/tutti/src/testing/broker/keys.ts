import type { BrokerCapabilities } from '../../messaging/index.ts'
import { bodies, brokerCases, message } from './broker-case.ts'

const needsOrder = ({ keyOrder }: BrokerCapabilities): string | undefined => (keyOrder ? undefined : 'the broker keeps no order of keys')

/** Messages of one key are handed out in order, to one consumer at a time. */
export const keyCases = brokerCases('keys', {
  'the messages of a key come in the order in which they were published': {
    skip: needsOrder,
    async run({ broker, check, topic, join, other }) {
      const consumers = [await join(), await join({ on: await other() }), await join()]
      const totals = Array.from({ length: 60 }, (_, i) => i)
      const keys = ['a', 'b', 'c', 'd', 'e']
      for (const chunk of [totals.slice(0, 20), totals.slice(20)])
        await broker.publish(
          topic,
          chunk.flatMap((i) => keys.map((key) => message(`${key} ${i}`, { key }))),
        )
      const seen = new Map<string, number[]>(keys.map((key) => [key, []]))
      let count = 0
      const stop = new AbortController()
      const timer = setTimeout(() => stop.abort(), 30_000)
      await Promise.all(
        consumers.map(async (consumer) => {
          for (;;) {
            const taken = await consumer.subscription.receive(9, stop.signal)
            if (stop.signal.aborted) return
            for (const body of bodies(taken)) {
              const [key = '', i] = body.split(' ')
              seen.get(key)?.push(Number(i))
            }
            await consumer.settle(taken)
            count += taken.length
            if (count >= 300) stop.abort()
          }
        }),
      )
      clearTimeout(timer)
      check.same(
        [...seen.values()],
        keys.map(() => totals),
      )
    },
  },

  'while one has messages of a key, nobody else gets any of it': {
    skip: needsOrder,
    async run({ broker, check, topic, join, other }) {
      const [a, b] = [await join(), await join({ on: await other() })]
      await broker.publish(topic, [message('1', { key: 'k' })])
      const first = await a.take(1)
      await broker.publish(topic, [message('2', { key: 'k' }), message('other', { key: 'l' })])
      check.same(await b.finish(1), ['other'])
      check.same(await b.rest(), [])
      await a.settle(first)
      check.same(await b.finish(1), ['2'])
    },
  },

  'what is given back comes before what follows it': {
    skip: needsOrder,
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      await broker.publish(
        topic,
        ['1', '2', '3'].map((body) => message(body, { key: 'k' })),
      )
      const taken = await consumer.take(3)
      check.same(bodies(taken), ['1', '2', '3'])
      await consumer.settle(taken.slice(0, 1))
      await consumer.settle(taken.slice(1), 'requeue')
      check.same(await consumer.finish(2), ['2', '3'])
    },
  },

  'a key that waits for its next attempt holds back no other, however much waits behind it': {
    skip: (capabilities) => needsOrder(capabilities) ?? (capabilities.retries ? undefined : 'the broker takes nothing back for a while'),
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      await broker.publish(topic, [message('first', { key: 'k' })])
      const [first] = await consumer.take(1)
      if (first !== undefined) await consumer.settle([first], 'retry', 60_000)
      await broker.publish(
        topic,
        Array.from({ length: 1500 }, (_, i) => message(`behind ${i}`, { key: 'k' })),
      )
      await broker.publish(topic, [message('other', { key: 'l' }), message('none')])
      check.same((await consumer.finish(2)).toSorted(), ['none', 'other'])
      check.same(await consumer.rest(), [])
      check.equal((await broker.lag(topic, 'g')).messages, 1501)
    },
  },

  'a long queue of one key is worked off in order': {
    skip: needsOrder,
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      const wanted = Array.from({ length: 3000 }, (_, i) => String(i))
      await broker.publish(
        topic,
        wanted.map((body) => message(body, { key: 'k' })),
      )
      check.same(await consumer.finish(3000), wanted)
      check.equal((await broker.lag(topic, 'g')).messages, 0)
    },
  },

  'publishing into a queue that runs empty at the same moment loses nothing': {
    skip: needsOrder,
    async run({ check, topic, join, other }) {
      const publisher = await other()
      const consumer = await join()
      const done: string[] = []
      const stop = new AbortController()
      const timer = setTimeout(() => stop.abort(), 30_000)
      const consuming = (async () => {
        while (done.length < 150) {
          const taken = await consumer.subscription.receive(2, stop.signal)
          if (stop.signal.aborted) return
          done.push(...bodies(taken))
          await consumer.settle(taken)
        }
      })()
      for (let i = 0; i < 150; i++) await publisher.publish(topic, [message(String(i), { key: 'k' })])
      await consuming
      clearTimeout(timer)
      check.same(
        done,
        Array.from({ length: 150 }, (_, i) => String(i)),
      )
    },
  },
})
