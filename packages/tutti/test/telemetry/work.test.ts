import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { aggregate, App, command, event, query, reject, type TelemetryOptions } from '../../src/index.ts'
import { defaultRegistry } from '../../src/observe/index.ts'
import { sqliteStorage } from '../../src/storage/index.ts'
import { RecordedSpans } from './recorded.ts'

const Account = aggregate('account', {
  events: { deposited: event(z.object({ amount: z.number() })) },
  commands: { deposit: z.object({ amount: z.number() }) },
  initial: () => 0,
})
  .evolve({ deposited: (balance, { amount }) => balance + amount })
  .decide({ deposit: (_, data, emit) => (data.amount > 0 ? emit.deposited(data) : reject('NOTHING')) })

const Note = command('bank.note', { input: z.object({ text: z.string() }) })
const Notes = query('bank.notes', { input: z.object({}), output: z.array(z.string()) })

const running: App[] = []

afterEach(async () => {
  for (const app of running.splice(0)) await app.stop()
})

function bank(telemetry: TelemetryOptions = {}): { app: App; spans: RecordedSpans } {
  const spans = new RecordedSpans()
  const storage = sqliteStorage({ path: ':memory:' })
  const app = new App({ name: 'bank', log: { level: 'silent' }, storage, telemetry: { export: spans, ...telemetry } }).use(Account)
  app.onStart(() => app.sql`create table notes (text text)`)
  app.handle(Note, async ({ sql, input }) => {
    await sql`insert into notes (text) values (${input.text})`
  })
  app.handle(Notes, async ({ sql }) => {
    const rows = await sql<{ text: string }>`select text from notes where text <> 'a secret' limit 100`
    return rows.map(({ text }) => text)
  })
  running.push(app)
  return { app, spans }
}

/** How often an instrument has noted something under labels, of which these are some. */
function counted(name: string, labels: Readonly<Record<string, unknown>>): number {
  const found = defaultRegistry.collect().find((one) => one.name === name)
  return (found?.series ?? [])
    .filter((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))
    .reduce((sum, one) => sum + ('count' in one ? one.count : one.value), 0)
}

describe('commands and queries', () => {
  it('are spans with what they do below them, in the trace of the request', async () => {
    const { app, spans } = bank()
    app.post('/notes', async ({ send, ask }) => {
      await send(Note({ text: 'hello' }))
      await send(Account.commands.deposit('1', { amount: 5 }))
      return ask(Notes({}))
    })
    const response = await app.fetch(new Request('http://bank.example/notes', { method: 'POST' }))
    expect(await response.json()).toEqual(['hello'])
    const [deposited] = (await app.storage?.events.read('account-1').toArray()) ?? []
    await app.stop()
    const request = spans.one('POST /notes')
    const [note, deposit, notes] = ['execute bank.note', 'execute account.deposit', 'ask bank.notes'].map((name) => spans.one(name))
    expect([note, deposit, notes].map((span) => [span?.traceId, span?.parentId])).toEqual(Array(3).fill([request.traceId, request.spanId]))
    expect(spans.one('INSERT notes')).toMatchObject({
      kind: 'client',
      parentId: note?.spanId,
      attributes: {
        'db.system.name': 'sqlite',
        'db.operation.name': 'INSERT',
        'db.query.text': 'insert into notes (text) values (?)',
        'db.collection.name': 'notes',
      },
    })
    expect(spans.one('SELECT notes')).toMatchObject({
      parentId: notes?.spanId,
      attributes: { 'db.query.text': 'select text from notes where text <> ? limit ?' },
    })
    expect(deposit?.attributes).toMatchObject({ 'tutti.command': 'account.deposit', 'tutti.stream': 'account-1', 'tutti.version': 1 })
    expect(spans.one('append account')).toMatchObject({
      parentId: deposit?.spanId,
      attributes: { 'tutti.stream': 'account-1', 'tutti.event.types': ['account.deposited'] },
    })
    expect(deposited?.trace).toMatchObject({ traceId: request.traceId, spanId: deposit?.spanId })
  })

  it('begin traces of their own where nothing is going on', async () => {
    const { app, spans } = bank()
    await app.start()
    await app.send(Note({ text: 'x' }))
    await app.stop()
    const sent = spans.one('execute bank.note')
    expect([sent.parentId, spans.one('INSERT notes').parentId]).toEqual([undefined, sent.spanId])
  })

  it('that are rejected or wrong have not failed; what breaks has, and keeps an unsampled trace', async () => {
    const { app, spans } = bank({ sample: 0 })
    await app.start()
    await app.send(Account.commands.deposit('1', { amount: 0 }))
    await expect(app.send(Account.commands.deposit('1', { amount: 'x' as never }))).rejects.toThrow('amount')
    await app.sql`drop table notes`
    await expect(app.send(Note({ text: 'lost' }))).rejects.toThrow('notes')
    await app.stop()
    expect(spans.all.map(({ name, status }) => [name, status])).toEqual([
      ['INSERT notes', 'error'],
      ['execute bank.note', 'error'],
    ])
  })

  it('are counted by how they end, with what they append', async () => {
    const { app } = bank()
    await app.start()
    const read = (): number[] => [
      counted('tutti.command.duration', { command: 'account.deposit', outcome: 'done' }),
      counted('tutti.command.duration', { command: 'account.deposit', outcome: 'rejected' }),
      counted('tutti.command.duration', { command: 'account.deposit', outcome: 'failed' }),
      counted('tutti.query.duration', { query: 'bank.notes', outcome: 'done' }),
      counted('tutti.events.appended', { type: 'account.deposited' }),
      counted('db.client.operation.duration', { 'db.operation.name': 'SELECT' }),
    ]
    const before = read()
    await app.send(Account.commands.deposit('1', { amount: 1 }))
    await app.send(Account.commands.deposit('1', { amount: 2 }))
    await app.send(Account.commands.deposit('1', { amount: 0 }))
    await expect(app.send(Account.commands.deposit('1', { amount: 'x' as never }))).rejects.toThrow('amount')
    await app.ask(Notes({}))
    expect(read().map((value, i) => value - (before[i] ?? 0))).toEqual([2, 1, 1, 1, 2, 1])
  })
})
