import { expect, it } from 'vitest'
import { eachSetting, rounds, wait, Worker } from './broker-setting.ts'
import { steps, type Step, type StepRow } from './broker-steps.ts'
import { describeWithServer } from './test-storage.ts'

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
