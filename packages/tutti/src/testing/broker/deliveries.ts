import { bodies, brokerCases, message } from './broker-case.ts'

/** Messages reach the consumers of groups. */
export const deliveryCases = brokerCases('deliveries', {
  'each group gets each message, and one that is done does not come again': async ({ broker, check, topic, join }) => {
    const [a, b] = [await join({ group: 'a' }), await join({ group: 'b' })]
    await broker.publish(
      topic,
      ['1', '2', '3'].map((body) => message(body)),
    )
    check.same((await a.finish(3)).toSorted(), ['1', '2', '3'])
    check.same((await b.finish(3)).toSorted(), ['1', '2', '3'])
    check.same(await a.rest(), [])
    check.same(await b.rest(), [])
  },

  'the consumers of a group share its messages': async ({ broker, check, topic, join, other }) => {
    const [a, b] = [await join(), await join({ on: await other() })]
    await broker.publish(
      topic,
      Array.from({ length: 20 }, (_, i) => message(String(i))),
    )
    const first = await a.take(10)
    const second = await b.take(10)
    check.equal(new Set([...bodies(first), ...bodies(second)]).size, 20)
    await a.settle(first)
    await b.settle(second)
    check.same([await a.rest(), await b.rest()], [[], []])
  },

  'what was published comes back the same': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    const text = 'Grüße 👋 \\ " \n \u0000 \u001f \u2028 end'
    const bytes = new Uint8Array(Array.from({ length: 256 }, (_, i) => i))
    const key = 'k \u0000\u001f/ü'
    const headers = { 'content-type': 'text/plain', 'x-empty': '', 'x-text': 'ü "\\\u001f' }
    await broker.publish(topic, [
      message(text, { id: 'first', key, headers }),
      message('', { id: 'second', key, body: bytes }),
      message('', { id: 'third', key }),
    ])
    const [first, second, third] = await consumer.take(3)
    check.same(bodies([first, third].filter((one) => one !== undefined)), [text, ''])
    check.same(first?.headers, headers)
    check.equal(first?.key, key)
    check.same([first?.id ?? 'first', second?.id ?? 'second', third?.id ?? 'third'], ['first', 'second', 'third'])
    check.same(second?.body instanceof Uint8Array && [...second.body], [...bytes])
    check.equal(first?.deliveries, 1)
    check.equal(first?.failures, 0)
  },

  'a single empty message comes back empty': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    await broker.publish(topic, [message('')])
    check.same(await consumer.finish(1), [''])
  },

  'never more come than were asked for': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    await broker.publish(
      topic,
      Array.from({ length: 30 }, (_, i) => message(String(i), i < 20 ? { key: 'k' } : {})),
    )
    let count = 0
    while (count < 30) {
      const taken = await consumer.subscription.receive(7, AbortSignal.timeout(15_000))
      check.ok(taken.length > 0 && taken.length <= 7, `${taken.length} messages came; wanted 1 to 7`)
      await consumer.settle(taken)
      count += taken.length
    }
  },

  'whoever waits is woken by what is published': async ({ broker, check, topic, join, other }) => {
    const [a, b] = [await join({ group: 'a' }), await join({ group: 'b', on: await other() })]
    const waiting = [a.finish(1), b.finish(1)]
    await broker.publish(topic, [message('1')])
    check.same(await Promise.all(waiting), [['1'], ['1']])
  },

  'waiting ends with the signal and with the subscription': async ({ check, join }) => {
    const consumer = await join()
    const controller = new AbortController()
    const first = consumer.subscription.receive(1, controller.signal)
    controller.abort()
    check.same(await first, [])
    check.same(await consumer.subscription.receive(1, controller.signal), [])
    const second = consumer.subscription.receive(1, new AbortController().signal)
    await consumer.subscription.close()
    check.same(await second, [])
    await consumer.subscription.close()
    check.same(await consumer.subscription.receive(1, new AbortController().signal), [])
  },

  'a group gets what was published while it had no consumers': async ({ broker, check, topic, join }) => {
    const gone = await join()
    await gone.subscription.close()
    await broker.publish(topic, [message('1'), message('2')])
    const back = await join()
    check.same((await back.finish(2)).toSorted(), ['1', '2'])
  },

  'what was published before there was any group is kept for the first': {
    skip: ({ keepsForFirstGroup }) => (keepsForFirstGroup ? undefined : 'the broker keeps nothing for groups that are not there yet'),
    async run({ broker, check, topic, join }) {
      await broker.publish(topic, [message('1', { key: 'k' }), message('2', { key: 'k' }), message('3')])
      const first = await join({ group: 'first' })
      const second = await join({ group: 'second' })
      await broker.publish(topic, [message('4')])
      check.same((await first.finish(4)).toSorted(), ['1', '2', '3', '4'])
      check.same(await second.finish(1), ['4'])
    },
  },

  'many publishers and consumers lose nothing and do nothing twice': async ({ broker, check, topic, join, other }) => {
    const brokers = [broker, await other()]
    const consumers = await Promise.all(brokers.flatMap((on) => [join({ on }), join({ on })]))
    const done: string[] = []
    const stop = new AbortController()
    const consuming = consumers.map(async (consumer) => {
      for (;;) {
        const taken = await consumer.subscription.receive(20, stop.signal)
        if (stop.signal.aborted) return
        done.push(...bodies(taken))
        await consumer.settle(taken)
        if (done.length >= 1000) stop.abort()
      }
    })
    const timer = setTimeout(() => stop.abort(), 30_000)
    await Promise.all(
      Array.from({ length: 100 }, async (_, p) =>
        brokers[p % 2]?.publish(
          topic,
          Array.from({ length: 10 }, (__, i) => message(`${p}-${i}`, i % 2 === 0 ? { key: `k${i}` } : {})),
        ),
      ),
    )
    await Promise.all(consuming)
    clearTimeout(timer)
    check.equal(done.length, 1000)
    check.equal(new Set(done).size, 1000)
    check.same((await broker.lag(topic, 'g')).messages, 0)
  },
})
