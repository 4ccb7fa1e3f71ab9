import fs from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'
import { temporaryFolder } from './temporary-folder.ts'

const inFolder = await temporaryFolder()
// What the storage calls, whoever has imported it.
const real = process.getBuiltinModule('node:fs')
const happened = [{ type: 'happened', data: {} }]

afterEach(() => void vi.restoreAllMocks())

/** Keeps the disk from answering: the next call waits for `answer`, or gives its error. */
function holdDisk(): { readonly asked: Promise<void>; answer(error?: NodeJS.ErrnoException): void } {
  const asked = Promise.withResolvers<void>()
  const decided = Promise.withResolvers<NodeJS.ErrnoException | undefined>()
  const before = real.fdatasync
  vi.spyOn(real, 'fdatasync').mockImplementationOnce((descriptor, callback) => {
    asked.resolve()
    const go = async (): Promise<void> => {
      const error = await decided.promise
      if (error === undefined) before(descriptor, callback)
      else callback(error)
    }
    void go()
  })
  return { asked: asked.promise, answer: decided.resolve }
}

describe('what is not on the disk yet', () => {
  it('is not acknowledged and not shown to readers; then it is shown at once', async () => {
    await using storage = sqliteStorage({ path: inFolder('shown.db') })
    await storage.sql`create table notes (text text)`
    await storage.events.append('a', happened)
    const disk = holdDisk()
    let acknowledged = false
    const appending = storage
      .transaction(async (tx) => {
        await tx.events.append('a', happened)
        await tx.state.put('things/one', 1)
        await tx.sql`insert into notes values ('new')`
      })
      .then(() => (acknowledged = true))
    await disk.asked
    const seen = async (): Promise<unknown[]> => [
      (await storage.events.read('a').toArray()).length,
      (await storage.events.readAll().toArray()).length,
      await storage.events.head(),
      (await storage.events.page()).position,
      (await storage.events.info('a'))?.version,
      (await storage.state.get('things/one'))?.value,
      (await storage.sql`select * from notes`).length,
    ]
    expect(await seen()).toEqual([1, 1, 1, 1, 1, undefined, 0])
    expect(acknowledged).toBe(false)
    disk.answer()
    await appending
    expect(await seen()).toEqual([2, 2, 2, 2, 2, 1, 1])
  })

  it('is brought to the disk by another process before that one shows it', async () => {
    const path = inFolder('foreign.db')
    await using writer = sqliteStorage({ path })
    await using reader = sqliteStorage({ path })
    await writer.events.append('a', happened)
    expect(await reader.events.head()).toBe(1)
    const disk = holdDisk()
    const appending = writer.events.append('a', happened)
    await disk.asked
    const calls = vi.mocked(real.fdatasync).mock.calls.length
    expect(await reader.events.head()).toBe(2)
    expect(vi.mocked(real.fdatasync).mock.calls.length).toBe(calls + 1)
    disk.answer()
    await appending
  })

  it('shares the next write to the disk with what comes meanwhile', async () => {
    await using storage = sqliteStorage({ path: inFolder('shared.db') })
    await storage.events.append('a', happened)
    const disk = holdDisk()
    const first = storage.events.append('a', happened)
    await disk.asked
    const others = Array.from({ length: 100 }, (_, i) => storage.events.append(`b-${i}`, happened))
    disk.answer()
    await Promise.all([first, ...others])
    expect(vi.mocked(real.fdatasync).mock.calls.length).toBe(2)
  })
})

describe('the disk', () => {
  it('is not asked where nothing was changed', async () => {
    await using storage = sqliteStorage({ path: inFolder('idle.db') })
    await storage.events.append('a', happened, { key: 'once' })
    const asked = vi.spyOn(real, 'fdatasync')
    await storage.events.append('a', happened, { key: 'once' })
    await expect(storage.events.append('a', happened, { expected: 'none' })).rejects.toMatchObject({ code: 'TUTTI_STREAM_CONFLICT' })
    expect(await storage.state.claim('things', { owner: 'me', lease: 1, now: 1 })).toEqual([])
    await storage.transaction(async (tx) => tx.sql`select 1`)
    expect(asked).not.toHaveBeenCalled()
    await storage.transaction(async (tx) => tx.sql`create table t (a)`)
    await storage.state.put('things/one', 1, { due: 0 })
    expect(asked).toHaveBeenCalledTimes(2)
    expect(await storage.state.claim('things', { owner: 'me', lease: 1, now: 1 })).toHaveLength(1)
    expect(asked).toHaveBeenCalledTimes(3)
  })
})

describe('a disk that fails', () => {
  it('acknowledges nothing, shows nothing and takes no more writes until the next start', async () => {
    const path = inFolder('failed.db')
    {
      await using storage = sqliteStorage({ path })
      await storage.events.append('a', happened)
      const disk = holdDisk()
      const appending = storage.events.append('a', happened)
      const failed = expect(appending).rejects.toMatchObject({ code: 'TUTTI_STORAGE_FAILED', details: { outcome: 'unknown' }, status: 503 })
      await disk.asked
      disk.answer(Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' }))
      await failed
      await expect(storage.events.append('a', happened)).rejects.toMatchObject({ code: 'TUTTI_STORAGE_FAILED' })
      await expect(storage.transaction(async () => 1)).rejects.toMatchObject({ code: 'TUTTI_STORAGE_FAILED' })
      expect(await storage.events.head()).toBe(1)
    }
    await using again = sqliteStorage({ path })
    expect(await again.events.append('b', happened)).toMatchObject({ version: 1 })
  })
})

describe('a storm of appends', () => {
  it('shares the waits for the disk, and never waits for it in the event loop', async () => {
    await using storage = sqliteStorage({ path: inFolder('storm.db'), checkpointAfter: '1mb' })
    await storage.migrate()
    // A disk that takes 20 ms each time, on the thread pool like the real one.
    const before = real.fdatasync
    const asked = vi.spyOn(real, 'fdatasync').mockImplementation((descriptor, callback) => {
      setTimeout(() => before(descriptor, callback), 20)
    })
    const blocking = [vi.spyOn(real, 'fdatasyncSync'), vi.spyOn(real, 'fsyncSync')]
    const callers = 64
    const each = 30
    await Promise.all(
      Array.from({ length: callers }, async (_, caller) => {
        for (let i = 0; i < each; i++) await storage.events.append(`storm-${caller}`, happened)
      }),
    )
    for (const one of blocking) expect(one).not.toHaveBeenCalled()
    // Who comes while the disk is at work goes with the next ones: two groups take turns, however slow the machine is.
    expect(asked.mock.calls.length).toBeLessThan(each * 8)
  })
})

it('moves the log into the file while it grows, and leaves none behind', async () => {
  const path = inFolder('log.db')
  const storage = sqliteStorage({ path, checkpointAfter: '64kb' })
  const text = 'x'.repeat(2000)
  let written = 0
  // The log gets another salt each time that it begins anew, once all that it held is in the file.
  const salts = new Set<string>()
  const writeMore = async (): Promise<number> => {
    await Promise.all(Array.from({ length: 25 }, (_, i) => storage.events.append(`s-${i}`, [{ type: 'happened', data: { text } }])))
    written += 25
    salts.add(fs.readFileSync(`${path}-wal`).toString('hex', 16, 24))
    return salts.size
  }
  await expect.poll(writeMore, { interval: 5 }).toBeGreaterThan(3)
  expect(fs.statSync(path).size).toBeGreaterThan(3 * 64 * 1024)
  expect((await storage.events.readAll().toArray()).length).toBe(written)
  await storage.close()
  expect(fs.existsSync(`${path}-wal`)).toBe(false)
  await using again = sqliteStorage({ path })
  expect(await again.events.head()).toBe(written)
})
