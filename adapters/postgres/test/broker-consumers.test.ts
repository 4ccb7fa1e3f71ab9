import { expect, it } from 'vitest'
import { eachSetting, rounds, wait, Worker } from './broker-setting.ts'
import { steps, type StepRow } from './broker-steps.ts'
import { describeWithServer } from './test-storage.ts'

describeWithServer('Consumer processes that are killed and held up', () => {
  const setting = eachSetting()

  it('lose no message, and do none twice that goes through the inbox', { timeout: 180_000 }, async () => {
    const { broker, messenger } = setting()
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`)
    // Without a key, and so without an order.
    const loose = Array.from({ length: 8 }, (_, i) => `none${i}`)
    // The groups are there from the beginning on.
    for (const group of ['plain', 'once'])
      await (await broker.subscribe(steps.name, { group, lease: 1000, onLost: () => undefined })).close()
    await messenger.start()
    let count = 0
    const publish = async (times: number): Promise<void> => {
      for (const end = count + times; count < end; count++)
        await messenger.publishAll(steps, [
          ...keys.map((key) => ({ data: { key, n: count }, key })),
          ...loose.map((key) => ({ data: { key, n: count } })),
        ])
    }
    for (let round = 0; round < rounds; round++) {
      const workers = await Promise.all([0, 1].map((i) => Worker.start(setting(), 'consume', `c${round}${i}`)))
      const before = await effects()
      await publish(12)
      await expect.poll(effects, wait).toBeGreaterThan(before + 40 + Math.random() * 200)
      await Promise.all(workers.map((worker) => worker.kill()))
    }
    const [held, last] = await Promise.all([0, 1].map((i) => Worker.start(setting(), 'consume', `last${i}`)))
    const before = await effects()
    await publish(12)
    await expect.poll(effects, wait).toBeGreaterThan(before + 20)
    // Longer than its leases: others take over, and what it still does when it goes on must not count.
    held?.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    held?.signal('SIGCONT')
    for (const group of ['plain', 'once']) await expect.poll(async () => (await broker.lag(steps.name, group)).messages, wait).toBe(0)
    await Promise.all([held?.kill(), last?.kill()])

    const numbers = Array.from({ length: count }, (_, n) => n)
    const wanted = [...keys, ...loose].flatMap((key) => numbers.map((n) => `${key} ${n}`)).toSorted()
    const done = await allEffects('once')
    expect(done.map(({ key, n }) => `${key} ${n}`).toSorted()).toEqual(wanted)
    for (const key of keys) expect(done.filter((one) => one.key === key).map(({ n }) => n)).toEqual(numbers)
    const plain = await allEffects('plain')
    expect([...new Set(plain.map(({ key, n }) => `${key} ${n}`))].toSorted()).toEqual(wanted)
    expect(await messenger.deadLetters()).toEqual([])
  })

  async function effects(): Promise<number> {
    const { schema, storage } = setting()
    const rows = await storage.sql<{ count: number }>`select count(*) as count from ${storage.sql.id(schema)}.effects`
    return Number(rows[0]?.count)
  }

  async function allEffects(consumer: string): Promise<readonly StepRow[]> {
    const { schema, storage } = setting()
    return storage.sql<StepRow>`select key, n from ${storage.sql.id(schema)}.effects where consumer = ${consumer} order by id`
  }
})
