import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App, projection, topic, workflow } from '../../src/index.ts'
import { memoryBroker, type Broker } from '../../src/messaging/public.ts'
import { memoryStorage, sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { Account } from './account.ts'

const Notes = topic('notes', z.object({ text: z.string() }))
const Greet = workflow('greet', { input: z.string(), signals: { go: z.string() } }, async (w, name) => `${await w.signal('go')} ${name}`)

interface Bench {
  readonly broker: Broker
  readonly storage: Storage
  readonly done: string[]
}

const bench = (): Bench => ({ broker: memoryBroker(), storage: memoryStorage(), done: [] })

function create({ broker, storage, done }: Bench): App {
  const Deposits = projection('deposits', { from: [Account] }, { 'account.deposited': ({ stream }) => void done.push(stream) })
  return new App({ name: 'idle', log: { level: 'silent' }, storage, broker })
    .use(Account, Deposits, Greet)
    .cron('yearly', '0 0 1 1 *', () => void done.push('yearly'))
    .consume(Notes, { group: 'readers', retry: { attempts: 1 } }, ({ data }) => {
      done.push(data.text)
      if (done.filter((text) => text === data.text).length === 1) throw new Error('not yet')
    })
    .onStart(() => void done.push('hook'))
}

describe('an application that was started without work', () => {
  it('keeps what it is told, and does nothing of it', async () => {
    const shared = bench()
    await using app = create(shared)
    await app.start({ work: false })
    await app.send(Account.commands.deposit('1', { amount: 7 }))
    await app.run(Greet, 'Ada', { id: 'run-1' })
    await app.schedules.runNow('yearly')
    await app.schedules.pause('yearly')
    await app.publish(Notes, { text: 'hello' })
    expect(await app.projections.status()).toEqual([])
    expect(await app.runs.get(Greet, 'run-1').status()).toMatchObject({ state: 'queued' })
    expect(await app.deadLetters.list()).toEqual([])
    expect(await app.schedules.status()).toMatchObject([{ name: 'yearly', state: 'paused', behind: true }])
    expect(shared.done).toEqual([])
  })

  it('steers those that work', async () => {
    const shared = bench()
    await using worker = create(shared)
    await worker.start()
    await using tool = create(shared)
    await tool.start({ work: false })
    expect(shared.done).toEqual(['hook'])

    await worker.publish(Notes, { text: 'hello' })
    await expect.poll(() => tool.deadLetters.list()).toMatchObject([{ kind: 'message', of: 'notes/readers' }])
    expect(await tool.deadLetters.replay()).toBe(1)
    await expect.poll(() => tool.deadLetters.list()).toEqual([])

    await worker.run(Greet, 'Ada', { id: 'run-2' })
    expect(tool.workflows).toEqual([Greet])
    await tool.runs.get(Greet, 'run-2').signal('go', 'hello')
    expect(await worker.runs.get(Greet, 'run-2').result()).toBe('hello Ada')

    await tool.send(Account.commands.deposit('1', { amount: 7 }))
    await expect.poll(() => shared.done).toContain('account-1')
    await tool.projections.reset('deposits')
    await expect.poll(() => shared.done.filter((text) => text === 'account-1')).toHaveLength(2)
    await tool.projections.pause('deposits')
    expect(await tool.projections.status()).toMatchObject([{ name: 'deposits', state: 'paused' }])

    await tool.schedules.runNow('yearly')
    await expect.poll(() => tool.schedules.history('yearly')).toMatchObject([{ outcome: 'succeeded' }])
    expect(shared.done).toContain('yearly')
  })
})

describe('the storages of an application', () => {
  it('are opened without a start, left as they are, and closed', async () => {
    const storage = sqliteStorage({ path: ':memory:' })
    const app = create({ ...bench(), storage })
    expect(await app.openStorages()).toEqual([storage])
    expect(app.storage).toBe(storage)
    expect(await storage.migrate({ dryRun: true })).toMatchObject({ from: 0 })
    await app.stop()
    await storage.close()
  })

  it('are none where nothing uses one', async () => {
    await using app = new App({ log: { level: 'silent' } })
    expect(await app.openStorages()).toEqual([])
  })
})

describe('an application that was prepared', () => {
  it('tells its routes and describes its API, those of plugins included, without a start', async () => {
    await using app = new App({ name: 'shop', log: { level: 'silent' }, docs: false })
    app.use({ name: 'greetings', setup: (host) => void host.get('/hello', () => 'hello') })
    expect(await app.apiDescription()).toMatchObject({ info: { title: 'shop' }, paths: { '/hello': { get: {} } } })
    expect(app.routes()).toMatchObject([{ method: 'GET', path: '/hello' }])
    expect(app.storage).toBeUndefined()
  })
})
