import fs from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { runInContext, type Context } from '../../src/kernel/index.ts'
import { sqliteStorage } from '../../src/storage/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const inFolder = await temporaryFolder()
const happened = [{ type: 'happened', data: {} }]

describe('the file', () => {
  it('is created with its folders when it is first used, for its owner alone', async () => {
    const path = inFolder('deep/er/shop.db')
    await using storage = sqliteStorage({ url: `sqlite:${path}` })
    expect(fs.existsSync(path)).toBe(false)
    await storage.ping()
    expect(fs.statSync(path).mode & 0o777).toBe(0o600)
    expect(fs.statSync(`${path}-wal`).mode & 0o777).toBe(0o600)
  })

  it('may be named by path or URL, with two slashes or none', async () => {
    const path = inFolder('named.db')
    for (const options of [{ path }, { url: `sqlite:${path}` }, { url: `sqlite://${path}` }]) {
      await using storage = sqliteStorage(options)
      await storage.events.append('a', happened)
    }
    await using storage = sqliteStorage({ path })
    expect(await storage.events.head()).toBe(3)
    for (const options of [{}, { path, url: path }, { path: '' }, { path: 'a\0b' }, { url: 'postgres://x' }, { url: 'sqlite:' }])
      expect(() => sqliteStorage(options)).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
  })

  it('that is none is refused with its name, and tried again at the next use', async () => {
    const path = inFolder('text.db')
    fs.writeFileSync(path, 'This is no database, but a text that is long enough to have a header. '.repeat(20))
    await using storage = sqliteStorage({ path })
    await expect(storage.ping()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', message: expect.stringContaining(path) })
    fs.rmSync(path)
    await storage.ping()
  })

  it('in memory leaves nothing, and is not shared', async () => {
    const storage = sqliteStorage({ path: ':memory:' })
    expect(storage.capabilities).toMatchObject({ durable: false, shared: false, sql: true })
    await storage.events.append('a', happened)
    await using other = sqliteStorage({ url: 'sqlite::memory:' })
    expect(await other.events.head()).toBe(0)
    const [row] = await storage.sql<{ file: string }>`select file from pragma_database_list`
    await storage.close()
    expect(row?.file).toContain('memory.db')
    expect(fs.existsSync(row?.file ?? '')).toBe(false)
  })
})

describe('the schema', () => {
  it('can be looked at before it is made', async () => {
    await using storage = sqliteStorage({ path: inFolder('schema.db') })
    const steps = [
      { version: 1, name: 'events, streams, keys and documents' },
      { version: 2, name: 'documents by tenant and status' },
    ]
    expect(await storage.migrate({ dryRun: true })).toEqual({ from: 0, to: 2, steps, dryRun: true })
    expect(await storage.sql`select name from sqlite_schema`).toEqual([])
    expect(await storage.migrate()).toEqual({ from: 0, to: 2, steps, dryRun: false })
    expect(await storage.migrate()).toEqual({ from: 2, to: 2, steps: [], dryRun: false })
  })

  it('is made once, however many do it at a time', async () => {
    const path = inFolder('racing.db')
    const storages = Array.from({ length: 8 }, () => sqliteStorage({ path }))
    const reports = await Promise.all(storages.map((storage) => storage.migrate()))
    expect(reports.filter(({ steps }) => steps.length > 0)).toHaveLength(1)
    await Promise.all(storages.map((storage) => storage.close()))
  })

  it('of a later Tutti is refused', async () => {
    const path = inFolder('later.db')
    {
      await using storage = sqliteStorage({ path })
      await storage.migrate()
      await storage.sql`insert into tutti_schema values (99, 'later', 0)`
    }
    await using storage = sqliteStorage({ path })
    await expect(storage.events.head()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA', details: { version: 99, wanted: 2 } })
    await expect(storage.migrate()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_SCHEMA' })
  })
})

describe('several users of one file', () => {
  it('see what the others have written, and get versions and positions of their own', async () => {
    const path = inFolder('several.db')
    const storages = [sqliteStorage({ path }), sqliteStorage({ path }), sqliteStorage({ path })]
    await Promise.all(
      storages.flatMap((storage) =>
        Array.from({ length: 10 }, async () => {
          for (let i = 0; i < 10; i++) await storage.events.append('shared', happened)
        }),
      ),
    )
    for (const storage of storages) {
      const events = await storage.events.readAll().toArray()
      expect(events.map(({ streamVersion }) => streamVersion)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
      expect(new Set(events.map(({ position }) => position)).size).toBe(300)
      await storage.close()
    }
  })

  it('see what another has been told is written, whatever they are writing themselves', async () => {
    const path = inFolder('told.db')
    await using mine = sqliteStorage({ path })
    await using others = sqliteStorage({ path })
    let busy = true
    const writers = Array.from({ length: 4 }, async (_, i) => {
      while (busy) await mine.events.append(`mine-${i}`, happened)
    })
    try {
      for (let i = 1; i <= 100; i++) {
        const { position } = await others.events.append('theirs', happened)
        expect((await mine.events.info('theirs'))?.version).toBe(i)
        expect(await mine.events.read('theirs').toArray()).toHaveLength(i)
        expect(await mine.events.head()).toBeGreaterThanOrEqual(position)
      }
    } finally {
      busy = false
      await Promise.all(writers)
    }
  })

  it('wait for a lock without stopping the event loop, and no longer than they are told to', async () => {
    const path = inFolder('locked.db')
    await using storage = sqliteStorage({ path, busyTimeout: 500 })
    await using patient = sqliteStorage({ path, busyTimeout: '1m' })
    await storage.migrate()
    using other = new DatabaseSync(path)
    other.exec('begin immediate')
    let turns = 0
    const ticking = setInterval(() => turns++, 5)
    await expect(storage.events.append('a', happened)).rejects.toMatchObject({ code: 'TUTTI_STORAGE_BUSY', status: 503 })
    expect(turns).toBeGreaterThan(5)
    const appending = patient.events.append('a', happened)
    expect(await patient.events.head()).toBe(0)
    other.exec('rollback')
    expect(await appending).toMatchObject({ version: 1 })
    clearInterval(ticking)
  })
})

describe('positions', () => {
  it('are never used again, also when the last events were deleted', async () => {
    const path = inFolder('positions.db')
    {
      await using storage = sqliteStorage({ path })
      await storage.events.append('a', [...happened, ...happened])
      await storage.events.tombstone('a')
      expect(await storage.sql`select * from tutti_events`).toEqual([])
      expect(await storage.events.page()).toEqual({ events: [], position: 2 })
    }
    await using storage = sqliteStorage({ path })
    expect(await storage.events.append('b', happened)).toMatchObject({ position: 3, version: 1 })
    await storage.transaction((tx) => tx.events.append('b', happened)).catch(() => undefined)
    expect(await storage.events.append('b', happened)).toMatchObject({ position: 5, version: 3 })
  })
})

const acme: Context = {
  correlationId: 'c',
  causationId: undefined,
  trace: undefined,
  tenant: 'acme',
  actor: undefined,
  deadline: undefined,
  signal: new AbortController().signal,
}

describe('filters', () => {
  it('find the few among the many, both ways, and say how far they have looked', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    const { events } = storage
    const many = Array.from({ length: 5000 }, (_, i) => ({ type: i === 4999 ? 'rare' : 'usual', data: i }))
    for (let i = 0; i < 5; i++) await events.append(`many-${i}`, many)
    await runInContext(acme, (stream) => events.append(stream, happened), 'few-1')
    await events.append('other', happened)
    await events.archive('many-1')

    const positions = async (options: Parameters<typeof events.readAll>[0]): Promise<number[]> =>
      (await events.readAll(options).toArray()).map(({ position }) => position)
    expect(await positions({ types: ['rare'] })).toEqual([5000, 15_000, 20_000, 25_000])
    expect(await positions({ types: ['rare'], archived: true })).toEqual([5000, 10_000, 15_000, 20_000, 25_000])
    expect(await positions({ types: ['rare'], backwards: true })).toEqual([25_000, 20_000, 15_000, 5000])
    expect(await positions({ types: ['rare'], streams: ['many-'], after: 15_000 })).toEqual([20_000, 25_000])
    expect(await positions({ streams: ['few'] })).toEqual([25_001])
    expect(await positions({ streams: ['few', 'other'], backwards: true })).toEqual([25_002, 25_001])
    expect(await positions({ tenant: 'acme' })).toEqual([25_001])
    expect((await events.readAll({ streams: ['many-'] }).toArray()).length).toBe(20_000)
    expect(await events.page({ types: ['none'] })).toEqual({ events: [], position: 25_002 })
    expect((await events.page({ types: ['rare'], limit: 1, after: 5000 })).position).toBe(15_000)
  })

  it('take the beginning of a name as it is, in whatever script', async () => {
    await using storage = sqliteStorage({ path: ':memory:' })
    const names = ['a%b', 'a_b', 'aXb', 'a\ud7ffz', 'a\ue000z', 'a\u{10ffff}z', 'a😀z', 'b']
    for (const name of names) await storage.events.append(name, happened)
    for (const prefix of ['a', 'a%', 'a_', 'a\ud7ff', 'a\ue000', 'a\u{10ffff}', 'a😀', '\u{10ffff}']) {
      const found = await storage.events.readAll({ streams: [prefix] }).toArray()
      expect(found.map(({ stream }) => stream)).toEqual(names.filter((name) => name.startsWith(prefix)))
    }
  })
})
