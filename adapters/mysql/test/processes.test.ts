import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, onServer, ownDatabase, testStorage, url } from './test-storage.ts'

const writer = fileURLToPath(new URL('fixtures/writer.ts', import.meta.url))

describeWithServer('Several processes on one MySQL database', () => {
  let database: string

  beforeAll(async () => {
    database = await ownDatabase()
    await using _storage = await testStorage(database)
  })

  afterAll(() => dropDatabase(database))

  const start = (name: string, count: number) => {
    const child = spawn(process.execPath, ['--conditions=@tutti/source', writer, url, database, name, String(count)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return { child, said: once(child.stdout, 'data'), ended: once(child, 'exit') }
  }

  it('append to the same stream, and a reader in a third follows without a gap', { timeout: 120_000 }, async () => {
    await using storage = mysql({ url, database })
    const writers = ['a', 'b'].map((name) => start(name, 60))
    const seen: number[] = []
    let position = 0
    await vi.waitFor(
      async () => {
        const page = await storage.events.page({ after: position, streams: ['shared'] })
        for (const event of page.events) seen.push(event.streamVersion)
        position = page.position
        expect(seen.length).toBeGreaterThanOrEqual(120)
      },
      { timeout: 60_000, interval: 5 },
    )
    for (const { ended } of writers) expect(await ended).toEqual([0, null])
    expect(seen).toEqual(Array.from({ length: 120 }, (_, i) => i + 1))
    const read = await storage.events.read('shared').toArray()
    for (const name of ['a', 'b']) {
      const numbers = read.map(({ data }) => data as { name: string; i: number }).filter((data) => data.name === name)
      expect(numbers.map(({ i }) => i)).toEqual(Array.from({ length: 60 }, (_, i) => i))
    }
  })

  it('are not held up by one that was killed with a transaction open', { timeout: 120_000 }, async () => {
    await using storage = mysql({ url, database })
    const after = await storage.events.head()
    const { child, said } = start('killed', 0)
    await said
    // Writers of other streams go on, while readers stop before what may still come.
    await storage.events.append('beside', [{ type: 'x', data: 1 }])
    expect((await storage.events.page({ after })).events).toEqual([])
    child.kill('SIGKILL')
    await vi.waitFor(async () => expect((await storage.events.page({ after })).events.map(({ stream }) => stream)).toEqual(['beside']), {
      timeout: 60_000,
      interval: 50,
    })
    expect(await storage.events.info('killed-open')).toBeUndefined()
  })

  it('are not held up one by one by many that were killed', async () => {
    await using storage = mysql({ url, database })
    const after = await storage.events.head()
    // What transactions leave that no longer run: one after the other they would take minutes.
    const left = Array.from({ length: 120 }, (_, i) => `('left-${i}', ${after})`)
    await onServer(`insert into ${database}.tutti_floors (id, floor) values ${left.join()}`)
    await storage.events.append('behind', [{ type: 'x', data: 1 }])
    const seen = async () => (await storage.events.page({ after })).events.map(({ stream }) => stream)
    expect(await seen()).toEqual([])
    await expect.poll(seen, { timeout: 40_000, interval: 50 }).toEqual(['behind'])
    expect(await storage.sql`select id from tutti_floors`).toEqual([])
  }, 60_000)
})
