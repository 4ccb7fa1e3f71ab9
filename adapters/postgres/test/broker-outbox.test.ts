import { expect, it } from 'vitest'
import { createMessenger } from 'tutti/messaging'
import { postgres } from '../src/index.ts'
import { eachSetting, rounds, wait, Worker } from './broker-setting.ts'
import { steps, type Step, type StepRow } from './broker-steps.ts'
import { describeWithServer, url } from './test-storage.ts'

describeWithServer('Publisher processes that are killed', () => {
  const setting = eachSetting()

  it('send exactly what they have committed, in the order of each key', { timeout: 180_000 }, async () => {
    const { broker, messenger, schema, storage } = setting()
    const seen: Step[] = []
    messenger.consume(steps, { group: 'all', concurrency: 16 }, ({ data }) => seen.push(data))
    await messenger.start()
    const acknowledged: string[] = []
    for (let round = 0; round < rounds; round++) {
      const workers = await Promise.all([0, 1].map((i) => Worker.start(setting(), 'publish', `p${round}${i}`)))
      const most = 30 + Math.random() * 100
      for (const worker of workers) await expect.poll(() => worker.lines.length, wait).toBeGreaterThan(most)
      await Promise.all(workers.map((worker) => worker.kill()))
      acknowledged.push(...workers.flatMap(({ lines }) => lines))
    }
    await expect.poll(() => storage.state.list('outbox/', { limit: 1 }), wait).toEqual([])
    await expect.poll(async () => (await broker.lag(steps.name, 'all')).messages, wait).toBe(0)

    const rows = await storage.sql<StepRow>`select key, n from ${storage.sql.id(schema)}.sent order by key, n`
    const sent = rows.map(({ key, n }) => `${key} ${n}`)
    expect([...new Set(seen.map(({ key, n }) => `${key} ${n}`))].toSorted()).toEqual(sent.toSorted())
    const committed = new Set(sent)
    expect(acknowledged.filter((line) => !line.endsWith('9') && !committed.has(line))).toEqual([])
    // A relay that dies has its successor send some again, but nothing overtakes: the first time, each comes behind the one before it.
    const first = new Map<string, number[]>()
    for (const { key, n } of seen) {
      const numbers = first.get(key) ?? []
      if (!numbers.includes(n)) first.set(key, [...numbers, n])
    }
    for (const [key, numbers] of first) expect(numbers, key).toEqual(rows.filter((row) => row.key === key).map(({ n }) => n))
  })
})

describeWithServer('Transactions that publish the same key at the same time', () => {
  const setting = eachSetting()

  it('send in the order of their commits', { timeout: 120_000 }, async () => {
    const { broker, messenger, schema, storage } = setting()
    const otherStorage = postgres({ url, schema })
    const other = createMessenger(broker, { storage: otherStorage, interval: '200ms' })
    const seen: number[] = []
    messenger.consume(steps, { group: 'all' }, ({ data }) => seen.push(data.n))
    await messenger.start()
    await other.start()
    const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, Math.random() * most))
    await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        await pause(300)
        const work = (n % 2 === 0 ? storage : otherStorage).transaction(async (tx) => {
          if (n % 3 === 0) await pause(30)
          await (n % 2 === 0 ? messenger : other).publish(steps, { key: 'k', n }, { key: 'k' })
          await pause(10)
          await tx.events.append('order', [{ type: 'committed', data: n }])
          if (n % 7 === 0) throw new Error('Taken back.')
        })
        await work.catch((error: unknown) => expect(error).toMatchObject({ message: 'Taken back.' }))
      }),
    )
    const committed = (await storage.events.read('order').toArray()).map(({ data }) => data)
    expect(committed).toHaveLength(51)
    await expect.poll(() => seen, wait).toEqual(committed)
    await other.stop()
    await otherStorage.close()
  })
})
