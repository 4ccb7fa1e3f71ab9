import { bodies, brokerCases, message } from './broker-case.ts'

/** What becomes of messages that were handed out. */
export const settlementCases = brokerCases('settlements', {
  'what a consumer leaves when it closes comes again': async ({ broker, check, topic, join, other }) => {
    const [gone, back] = [await join(), await join({ on: await other() })]
    await broker.publish(topic, [message('1'), message('2', { key: 'k' })])
    const taken = await gone.take(2)
    await gone.settle(taken.slice(0, 1))
    await gone.subscription.close()
    check.same(await back.finish(1), bodies(taken.slice(1)))
    check.same(await back.rest(), [])
  },

  'what is settled twice, or is not there any more, is passed over': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    await broker.publish(topic, [message('1'), message('2')])
    const taken = await consumer.take(2)
    await consumer.settle(taken)
    await consumer.settle(taken)
    await consumer.settle(taken, 'requeue')
    check.same(await consumer.rest(), [])
    await consumer.subscription.close()
    await consumer.settle(taken)
  },

  'what is put back comes again, and has not failed': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    await broker.publish(topic, [message('1')])
    await consumer.settle(await consumer.take(1), 'requeue')
    const [again] = await consumer.take(1)
    check.equal(again?.failures, 0)
    if (again !== undefined) await consumer.settle([again])
    check.same(await consumer.rest(), [])
  },

  'what has failed comes again after its delay, and the failures are counted': {
    skip: ({ retries }) => (retries ? undefined : 'the broker takes nothing back for a while'),
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      await broker.publish(topic, [message('1', { key: 'k' }), message('2', { key: 'k' })])
      for (const failures of [0, 1, 2]) {
        const [first, ...behind] = await consumer.take(2)
        check.equal(first?.failures, failures)
        check.same(
          behind.map((one) => one.failures),
          [0],
        )
        if (first !== undefined) await consumer.settle([first], 'retry', 400)
        await consumer.settle(behind, 'requeue')
        if (failures === 0) check.same(await consumer.rest(), [])
      }
      const [first] = await consumer.take(2)
      if (first !== undefined) await consumer.settle([first])
    },
  },

  'the failures of one message are not those of the next': {
    skip: ({ retries }) => (retries ? undefined : 'the broker takes nothing back for a while'),
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      await broker.publish(topic, [message('1', { key: 'k' }), message('2', { key: 'k' })])
      const [first, second] = await consumer.take(2)
      if (first === undefined || second === undefined) return
      await consumer.settle([first], 'retry', 0)
      await consumer.settle([second], 'requeue')
      const [again, behind] = await consumer.take(2)
      if (again === undefined || behind === undefined) return
      check.equal(again.failures, 1)
      await consumer.settle([again])
      await consumer.settle([behind], 'requeue')
      const [last] = await consumer.take(1)
      check.equal(last?.failures, 0)
    },
  },

  'what waits is counted, and how old it is': async ({ broker, check, topic, join }) => {
    const consumer = await join()
    check.same((await broker.lag(topic, 'g')).messages, 0)
    await broker.publish(topic, [message('1'), message('2', { key: 'k' }), message('3', { key: 'k' })])
    const lag = await broker.lag(topic, 'g')
    check.equal(lag.messages, 3)
    if (lag.oldest !== undefined) check.ok(Math.abs(Date.now() - lag.oldest) < 600_000, `The oldest was published at ${lag.oldest}`)
    await consumer.finish(3)
    check.same((await broker.lag(topic, 'g')).messages, 0)
  },
})

/** Messages that are held back. */
export const delayCases = brokerCases('delays', {
  'a delayed message comes later, and holds back nothing of its key': {
    skip: ({ delays }) => (delays ? undefined : 'the broker holds nothing back'),
    async run({ broker, check, topic, join }) {
      const consumer = await join()
      const begun = performance.now()
      await broker.publish(topic, [message('later', { key: 'k', delay: 900 }), message('now', { key: 'k' })])
      check.same(await consumer.finish(1), ['now'])
      check.same(await consumer.finish(1), ['later'])
      const passed = performance.now() - begun
      check.ok(passed > 850, `It came after ${passed} ms; wanted 900 or more`)
    },
  },
})

/** Deliveries that are their consumer's for a while. */
export const leaseCases = brokerCases('leases', {
  'what is not settled within the lease comes again, and what is settled too late is passed over': {
    skip: ({ leases }) => (leases ? undefined : 'the broker has no leases'),
    async run({ broker, check, topic, join, other }) {
      const slow = await join({ lease: 300 })
      await broker.publish(topic, [message('1'), message('2', { key: 'k' })])
      const taken = await slow.take(2)
      const next = await join({ on: await other() })
      const again = await next.take(2)
      check.same(bodies(again).toSorted(), ['1', '2'])
      check.same(
        again.filter(({ key }) => key === undefined).map(({ deliveries }) => deliveries),
        [2],
      )
      await slow.settle(taken)
      check.equal((await broker.lag(topic, 'g')).messages, 2)
      check.same(bodies((await slow.subscription.extend?.(taken)) ?? []).toSorted(), ['1', '2'])
      await next.settle(again)
      check.equal((await broker.lag(topic, 'g')).messages, 0)
    },
  },

  'a lease goes on as long as it is extended, and whoever lost it is told': {
    skip: ({ leases }) => (leases ? undefined : 'the broker has no leases'),
    async run({ broker, check, topic, join, other }) {
      const holder = await join({ lease: 2000 })
      await broker.publish(topic, [message('1'), message('2', { key: 'k' })])
      const taken = await holder.take(2)
      const next = await join({ on: await other() })
      for (const end = performance.now() + 3000; performance.now() < end;) {
        check.same(await holder.subscription.extend?.(taken), [])
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const again = await next.take(2)
      const lost = (await holder.subscription.extend?.(taken)) ?? []
      check.same(bodies(lost).toSorted(), ['1', '2'])
      await next.settle(again)
    },
  },
})

/** What is left when a broker is closed. */
export const closingCases = brokerCases('closing', {
  'a broker that is closed says so, and closing again does nothing': async ({ broker, check, topic, join, other }) => {
    const own = await other()
    const isShared = own !== broker
    const consumer = await join({ on: own })
    const waiting = consumer.subscription.receive(1, new AbortController().signal)
    await own.close()
    await own.close()
    check.same(await waiting, [])
    await check.fails(own.publish(topic, [message('1')]), 'TUTTI_BROKER_CLOSED')
    await check.fails(own.subscribe(topic, { group: 'g', lease: 1000, onLost: () => undefined }), 'TUTTI_BROKER_CLOSED')
    await check.fails(own.ping(), 'TUTTI_BROKER_CLOSED')
    if (isShared) await broker.publish(topic, [message('1')])
  },

  'what a closed broker had at hand comes again elsewhere': {
    skip: ({ shared }) => (shared ? undefined : 'the broker is this process’s alone'),
    async run({ broker, check, topic, join, other }) {
      const own = await other()
      const gone = await join({ on: own })
      const back = await join()
      await broker.publish(topic, [message('1', { key: 'k' }), message('2')])
      const taken = [...(await gone.take(1))]
      await own.close()
      check.same((await back.finish(2)).toSorted(), ['1', '2'])
      check.equal(taken.length, 1)
    },
  },
})
