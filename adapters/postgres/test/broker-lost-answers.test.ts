import { expect, it } from 'vitest'
import { createMessenger } from 'tutti/messaging'
import { postgresBroker } from '../src/index.ts'
import { eachSetting, wait } from './broker-setting.ts'
import { steps, type Step } from './broker-steps.ts'
import { lossyProxy } from './lossy-proxy.ts'
import { describeWithServer, url } from './test-storage.ts'

describeWithServer('A broker whose answers get lost', () => {
  const setting = eachSetting()

  it.for(['claim_messages', 'settle_lone', 'settle_lanes'])(
    'has each message handled once, and none is left under a lease (%s)',
    { timeout: 100_000 },
    async (lost) => {
      const { broker, messenger, schema, storage } = setting()
      await using proxy = await lossyProxy(url)
      await using through = postgresBroker({ url: proxy.url, schema, poll: '200ms', pool: { max: 2 } })
      // Nothing comes back by itself while the test runs.
      await using consumer = createMessenger(through, { storage, lease: '1h', interval: '50ms' })
      const seen: (Step & { attempt: number })[] = []
      consumer.consume(steps, { group: 'g', retry: { delay: 5 } }, ({ data, attempt }) => {
        seen.push({ ...data, attempt })
        if (data.n === 1 && attempt === 1) throw new Error('The first attempt fails.')
      })
      await (await broker.subscribe(steps.name, { group: 'g', lease: 1000, onLost: () => undefined })).close()
      const items = Array.from({ length: 4 }, (_, n) => [{ data: { key: 'k', n }, key: 'k' }, { data: { key: 'none', n } }])
      await messenger.publishAll(steps, items.flat())
      proxy.loseAnswerTo(lost)
      await consumer.start()
      await expect.poll(async () => (await broker.lag(steps.name, 'g')).messages, wait).toBe(0)
      expect(proxy.lost).toBe(1)
      for (const key of ['k', 'none']) {
        const handled = seen.filter((one) => one.key === key).map(({ n, attempt }) => `${n}/${attempt}`)
        expect(handled.toSorted()).toEqual(['0/1', '1/1', '1/2', '2/1', '3/1'])
      }
      expect(seen.filter(({ key }) => key === 'k').map(({ n }) => n)).toEqual([0, 1, 1, 2, 3])
      expect(await messenger.deadLetters()).toEqual([])
    },
  )
})
