import { afterAll, beforeAll, expect, it } from 'vitest'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { Setting, wait, Worker } from './broker-setting.ts'
import { steps, type StepRow } from './broker-steps.ts'
import { describeWithServer } from './test-storage.ts'

const groups = ['plain', 'once']

describeWithServer('Processes that publish and consume while their server goes away', () => {
  let server: PrivateServer
  let setting: Setting

  beforeAll(async () => {
    server = await privateServer('postgres')
    setting = await Setting.open(server.url)
  }, 120_000)

  afterAll(async () => {
    await setting.close()
    await server.remove()
  }, 120_000)

  it(
    'have each message handled at least once, and exactly once with the inbox, whoever is killed meanwhile',
    { timeout: 300_000 },
    async () => {
      const { broker, messenger, storage, schema } = setting
      for (const group of groups) await (await broker.subscribe(steps.name, { group, lease: 1000, onLost: () => undefined })).close()
      const started: Worker[] = []
      const start = async (task: 'consume' | 'publish'): Promise<Worker> => {
        const worker = await Worker.start(setting, task, `${task}${started.length}`)
        started.push(worker)
        return worker
      }
      const publishers = [await start('publish')]
      let consumers: readonly Worker[] = await Promise.all([start('consume'), start('consume'), start('consume')])
      const published = (): number => publishers.reduce((sum, { lines }) => sum + lines.length, 0)
      const handled = async (): Promise<number> => {
        const rows = await storage.sql<{ count: number }>`select count(*) as count from ${storage.sql.id(schema)}.effects`
        return Number(rows[0]?.count)
      }
      for (const how of ['crash', 'stop'] as const) {
        const [before, done] = [published(), await handled()]
        await expect.poll(published, wait).toBeGreaterThan(before + 10)
        await expect.poll(handled, wait).toBeGreaterThan(done + 10)
        const [killed, held, other] = consumers
        held?.signal('SIGSTOP')
        await killed?.kill()
        await server[how]()
        await server.start()
        held?.signal('SIGCONT')
        consumers = [held, other, await start('consume')].filter((one) => one !== undefined)
      }
      const last = published()
      await expect.poll(published, wait).toBeGreaterThan(last + 10)
      await Promise.all(publishers.map((one) => one.kill()))
      await expect.poll(() => storage.state.list('outbox/', { limit: 1 }), wait).toEqual([])
      for (const group of groups) await expect.poll(async () => (await broker.lag(steps.name, group)).messages, wait).toBe(0)
      await Promise.all(consumers.map((one) => one.kill()))

      const names = (rows: readonly StepRow[]): string[] => rows.map(({ key, n }) => `${key} ${n}`)
      const effects = (group: string) =>
        storage.sql<StepRow>`select key, n from ${storage.sql.id(schema)}.effects where consumer = ${group} order by id`
      const sent = names(await storage.sql<StepRow>`select key, n from ${storage.sql.id(schema)}.sent`).toSorted()
      const once = await effects('once')
      expect(names(once).toSorted()).toEqual(sent)
      for (const [key, own] of Map.groupBy(once, (one) => one.key))
        expect(
          own.map(({ n }) => n),
          key,
        ).toEqual(own.map(({ n }) => n).toSorted((a, b) => a - b))
      expect([...new Set(names(await effects('plain')))].toSorted()).toEqual(sent)
      const committed = new Set(sent)
      const acknowledged = publishers.flatMap(({ lines }) => lines).filter((line) => !line.endsWith('9'))
      expect(acknowledged.filter((line) => !committed.has(line))).toEqual([])
      expect(await messenger.deadLetters()).toEqual([])
    },
  )
})
