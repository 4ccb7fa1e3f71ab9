import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqliteStorage, type Storage } from '../../src/storage/index.ts'
import { runStorageCase, storageConformance, tortureStorage } from '../../src/testing/index.ts'

let folder = ''
const open = (): Storage => sqliteStorage({ path: join(folder, 'conformance.db') })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-sqlite-'))
  await using storage = open()
  await storage.migrate()
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('SQLite storage', () => {
  for (const one of storageConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runStorageCase(one, open)
      if (reason !== undefined) skip(reason)
    })
  }

  it.for([1, 2])('is tortured through %i connections to the file, and skips nothing', async (storages) => {
    const { events, rolledBack } = await tortureStorage(open, { seconds: 3, storages })
    expect(events).toBeGreaterThan(100)
    expect(rolledBack).toBeGreaterThan(10)
  })
})
