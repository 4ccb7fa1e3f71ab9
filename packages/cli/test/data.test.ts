import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from 'tutti'
import { beforeEach, describe, expect, it } from 'vitest'
import { cli, temporaryFolder, type Outcome } from './cli.ts'
import createBank, { Account, Approve } from './fixtures/bank.ts'

const fixture = join(import.meta.dirname, 'fixtures/bank.ts')
const bank = (...argv: readonly string[]): Promise<Outcome> => cli([...argv, '--app', fixture])

beforeEach(async () => {
  const folder = await temporaryFolder()
  process.env['TUTTI_STORAGE'] = `sqlite:${join(folder.path, 'bank.db')}`
  return () => folder[Symbol.asyncDispose]()
})

/** The application at work, as in another process. */
async function working(use: (app: App) => Promise<void>): Promise<void> {
  await using app = createBank()
  await app.start()
  await use(app)
}

/** Two accounts with four events. */
function deposits(): Promise<void> {
  return working(async (app) => {
    await app.send(Account.commands.open('ada', { at: new Date('2026-01-01'), limit: 12n }))
    await app.send(Account.commands.deposit('ada', { amount: 7 }))
    await app.send(Account.commands.deposit('bob', { amount: 5 }))
    await app.send(Account.commands.deposit('ada', { amount: 1 }))
    await app.waitFor({ kind: 'projection', name: 'balances' } as never, 4)
  })
}

describe('events read', () => {
  beforeEach(deposits)

  it('prints the log, one stream, or what filters leave', async () => {
    const all = await bank('events', 'read')
    expect(all).toMatchObject({ code: 0, err: '' })
    expect(all.out.trim().split('\n')).toHaveLength(4)
    expect(all.out).toContain('account-ada@2  account.deposited  {"amount":7}')
    expect((await bank('events', 'read', 'account-ada')).out.trim().split('\n')).toHaveLength(3)
    const filtered = await bank(
      'events',
      'read',
      '--type',
      'account.deposited',
      '--streams',
      'account-a',
      '--after',
      '4',
      '--backwards',
      '--json',
    )
    expect(filtered.lines).toMatchObject([{ streamVersion: 2 }])
    expect((await bank('events', 'read', '--tenant', 'nobody', '--archived')).out).toBe('')
    expect(await bank('events', 'read', '--limit', '2')).toMatchObject({ code: 0, err: expect.stringContaining('--limit') })
  })

  it('says what is wrong', async () => {
    expect(await bank('events', 'read', 'nowhere')).toMatchObject({ code: 1, err: 'There is no stream "nowhere".\n' })
    expect(await bank('events', 'read', '--limit', 'many')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--limit received "many"'),
    })
  })
})

describe('events tail', () => {
  beforeEach(deposits)

  it('goes on until it has enough, or is told to end', async () => {
    expect((await bank('events', 'tail', '--after', '0', '--limit', '2', '--type', 'account.deposited', '--json')).lines).toMatchObject([
      { stream: 'account-ada' },
      { stream: 'account-bob' },
    ])
    const ending = new AbortController()
    const tail = cli(['events', 'tail', '--json', '--app', fixture], { signal: ending.signal, out: { write: () => ending.abort() } })
    await working(async (app) => {
      const more = setInterval(() => void app.send(Account.commands.deposit('eve', { amount: 1 })), 50)
      await tail
      clearInterval(more)
    })
    expect(await tail).toMatchObject({ code: 0 })
  })
})

describe('events export and import', () => {
  beforeEach(deposits)

  it('bring events to another storage as they were, once', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.ndjson')
    expect(await bank('events', 'export', '--output', file)).toMatchObject({ code: 0, out: `4 events in ${file}.\n` })
    expect(await bank('events', 'export', '--output', file)).toMatchObject({ code: 1, err: expect.stringContaining('exists already') })
    const printed = await bank('events', 'export')
    expect(printed.out).toBe(await readFile(file, 'utf8'))

    process.env['TUTTI_STORAGE'] = `sqlite:${join(folder.path, 'other.db')}`
    expect(await bank('events', 'import', file)).toMatchObject({ code: 1, err: expect.stringContaining('tutti storage init') })
    expect(await bank('storage', 'init')).toMatchObject({ code: 0 })
    expect(await bank('events', 'import', file, '--dry-run')).toMatchObject({ out: '4 events would be imported.\n' })
    expect((await bank('events', 'import', file, '--json')).json).toEqual({ imported: 4, skipped: 0, dryRun: false })
    expect(await cli(['events', 'import', '--app', fixture], { input: printed.out })).toMatchObject({
      code: 0,
      out: '0 events imported; 4 events were there already.\n',
    })
    await working(async (app) => {
      expect(await app.load(Account, 'ada')).toEqual({ balance: 8 })
      const [first] = (await app.storage?.events.read('account-ada').toArray()) ?? []
      expect(first?.data).toEqual({ at: new Date('2026-01-01'), limit: 12n })
    })
  })

  it('say what is wrong with what is read', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'events.ndjson')
    await writeFile(file, '{"stream":"account-ada"}\n')
    expect(await bank('events', 'import', file)).toMatchObject({
      code: 1,
      err: expect.stringContaining('Line 1 has undefined as streamVersion'),
    })
    await writeFile(file, 'nonsense\n')
    expect(await bank('events', 'import', file)).toMatchObject({ code: 1, err: expect.stringContaining('Line 1 is not JSON') })
    await writeFile(
      file,
      `${JSON.stringify({ stream: 'account-ada', streamVersion: 1, id: '0199a5f2-0000-7000-8000-000000000000', type: 'account.opened', version: 1, data: {} })}\n`,
    )
    expect(await bank('events', 'import', file)).toMatchObject({ code: 1, err: expect.stringContaining('TUTTI_STREAM_CONFLICT') })
    expect(await bank('events', 'import', join(folder.path, 'nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be read'),
    })
  })
})

describe('projections', () => {
  beforeEach(deposits)

  it('are shown, paused, resumed and rebuilt', async () => {
    expect((await bank('projections', 'status')).out).toContain('balances')
    expect((await bank('projections', 'pause', 'balances', '--json')).json).toMatchObject({ name: 'balances', state: 'paused' })
    expect(await bank('projections', 'resume', 'balances')).toMatchObject({ code: 0, out: 'balances is waiting.\n' })
    expect((await bank('projections', 'rebuild', 'balances', '--json')).json).toMatchObject({ next: { position: 0 } })
    await working(async () => {
      expect(await bank('projections', 'rebuild', 'balances', '--wait')).toMatchObject({ code: 0, out: 'balances is rebuilt.\n' })
    })
    expect(await bank('projections', 'pause', 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('balances') })
  })
})

describe('runs', () => {
  it('are listed, shown, signalled, cancelled and retried', async () => {
    await working(async (app) => {
      await app.run(Approve, { amount: 1 }, { id: 'a' })
      await app.run(Approve, { amount: 1 }, { id: 'b' })
      await app.run(Approve, { amount: -1 }, { id: 'c' })
      await expect.poll(async () => (await app.runs.list({ state: 'failed' })).runs).toHaveLength(1)
      await expect.poll(async () => (await app.runs.list({ state: 'waiting' })).runs).toHaveLength(2)
    })
    expect((await bank('runs', 'list')).out).toContain('approve')
    const some = await bank('runs', 'list', '--workflow', 'approve', '--state', 'waiting', '--limit', '1', '--json')
    expect(some.json).toMatchObject({ runs: [{ id: 'a' }] })
    const { next } = some.json as { readonly next: string }
    expect(
      (await bank('runs', 'list', '--state', 'waiting', '--limit', '1', '--after', next, '--workflow', 'approve', '--json')).json,
    ).toMatchObject({ runs: [{ id: 'b' }] })
    expect((await bank('runs', 'list', '--backwards', '--json')).json).toMatchObject({ runs: [{ id: 'c' }, { id: 'b' }, { id: 'a' }] })
    expect((await bank('runs', 'list', '--tenant', 'nobody')).out).toBe('There are no such runs.\n')
    expect((await bank('runs', 'show', 'approve', 'c')).out).toContain('too little')
    expect((await bank('runs', 'show', 'approve', 'a', '--json')).json).toMatchObject({ state: 'waiting', steps: [{ step: 'check' }] })
    expect(await bank('runs', 'signal', 'approve', 'a', 'decision', '--data', '{"ok":true}', '--key', 'k')).toMatchObject({ code: 0 })
    expect((await bank('runs', 'cancel', 'approve', 'b', '--reason', 'enough', '--json')).json).toMatchObject({ cancelled: true })
    expect(await bank('runs', 'retry', 'approve', 'c')).toMatchObject({ code: 0 })
    await working(async (app) => {
      expect(await app.runs.get(Approve, 'a').result()).toEqual({ approved: true })
      await expect.poll(async () => (await app.runs.get(Approve, 'b').status()).state).toBe('cancelled')
      await expect.poll(async () => (await app.runs.get(Approve, 'c').status()).state).toBe('failed')
    })
  })

  it('say what is wrong', async () => {
    await working(async () => {})
    expect(await bank('runs', 'show', 'nothing', 'a')).toMatchObject({
      code: 1,
      err: 'There is no workflow "nothing"; there is approve.\n',
    })
    expect(await bank('runs', 'show', 'approve', 'zzz')).toMatchObject({ code: 1, err: expect.stringContaining('TUTTI_RUN_UNKNOWN') })
    expect(await bank('runs', 'signal', 'approve', 'a', 'decision', '--data', '{ok')).toMatchObject({
      code: 2,
      err: expect.stringContaining('not JSON'),
    })
    expect(await bank('runs', 'list', '--state', 'happy')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--state received "happy"'),
    })
    const error = await bank('runs', 'show', 'approve', 'zzz', '--json')
    expect(JSON.parse(error.err)).toMatchObject({ error: { code: 'TUTTI_RUN_UNKNOWN' } })
  })
})

describe('dead letters', () => {
  it('are listed, shown, replayed and discarded', async () => {
    await working(async (app) => {
      await app.send(Account.commands.deposit('ada', { amount: 13 }))
      await app.send(Account.commands.deposit('bob', { amount: 13 }))
      await expect.poll(() => app.deadLetters.list()).toHaveLength(2)
    })
    const letters = (await bank('dead-letters', 'list', '--kind', 'projection', '--of', 'alerts', '--json')).json as readonly {
      readonly id: string
    }[]
    expect(letters).toHaveLength(2)
    const [first = { id: '' }, second = { id: '' }] = letters
    expect((await bank('dead-letters', 'list')).out).toContain('unlucky')
    expect((await bank('dead-letters', 'show', first.id)).out).toContain('account.deposited')
    expect(await bank('dead-letters', 'show', 'nothing')).toMatchObject({ code: 1 })
    expect(await bank('dead-letters', 'replay')).toMatchObject({ code: 2, err: expect.stringContaining('--all') })
    expect((await bank('dead-letters', 'replay', first.id, '--json')).json).toEqual({ replayed: 1 })
    expect(await bank('dead-letters', 'discard', second.id)).toMatchObject({ out: '1 dead letter forgotten.\n' })
    expect((await bank('dead-letters', 'discard', '--all', '--of', 'alerts', '--json')).json).toEqual({ discarded: 1 })
  })
})

describe('schedules', () => {
  it('are listed, run, paused and resumed', async () => {
    await working(async () => {})
    expect((await bank('schedules', 'list')).out).toContain('0 2 * * *')
    expect((await bank('schedules', 'pause', 'nightly', '--json')).json).toMatchObject({ state: 'paused' })
    expect(await bank('schedules', 'resume', 'nightly')).toMatchObject({ out: expect.stringContaining('nightly is waiting, next at') })
    expect((await bank('schedules', 'run', 'nightly', '--json')).json).toMatchObject({ key: expect.stringContaining('nightly@') })
    expect(await bank('schedules', 'run', 'nothing')).toMatchObject({ code: 1, err: expect.stringContaining('TUTTI_SCHEDULE_UNKNOWN') })
  })
})

describe('migrate and storage', () => {
  it('prepare, update and check storages', async () => {
    expect(await bank('storage', 'check')).toMatchObject({ code: 1, err: expect.stringContaining('tutti storage init') })
    expect(await bank('events', 'read')).toMatchObject({ code: 1, err: expect.stringContaining('tutti storage init') })
    expect((await bank('migrate', '--dry-run', '--json')).json).toMatchObject([{ storage: 'sqlite', from: 0, dryRun: true }])
    expect((await bank('storage', 'init', '--json')).json).toEqual([{ storage: 'sqlite', created: true }])
    expect((await bank('storage', 'init')).out).toContain('was there already')
    expect((await bank('migrate')).out).toContain('up to date')
    expect((await bank('storage', 'check', '--json')).json).toMatchObject([{ storage: 'sqlite', head: 0 }])
  })
})

describe('routes and openapi', () => {
  it('tell what the application answers', async () => {
    expect((await bank('routes')).out).toContain('/accounts/:id/deposits')
    expect((await bank('routes', '--tag', 'accounts', '--json')).json).toMatchObject([
      { path: '/accounts/:id', summary: 'One account' },
      { method: 'POST' },
    ])
    expect((await bank('openapi')).json).toMatchObject({ info: { title: 'bank' }, paths: { '/hello': {} } })
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'openapi.json')
    expect(await bank('openapi', '--output', file)).toMatchObject({ code: 0 })
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ openapi: expect.stringMatching(/^3\.1/) })
    expect(await bank('openapi', '--output', join(folder.path, 'no/where.json'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot be written'),
    })
  })
})
