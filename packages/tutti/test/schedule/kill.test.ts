import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'
import { temporaryFolder } from '../storage/temporary-folder.ts'
import { jumpingClocks, killRounds } from './kill-rounds.ts'

const inFolder = await temporaryFolder()
const opener = { module: join(import.meta.dirname, '../../src/storage/index.ts'), opener: 'sqliteStorage' }

it('three processes on one SQLite file run each time once, however they are killed', { timeout: 300_000 }, async () => {
  const options = { path: inFolder('killed.db') }
  await using storage = sqliteStorage(options)
  await storage.migrate()
  const { firings, repeated } = await killRounds({ ...opener, options }, { storage, rounds: 3, jobs: 60, stops: false })
  expect(firings).toBeGreaterThan(10)
  expect(repeated).toBeGreaterThanOrEqual(3)
})

it('three processes whose clocks jump run each time once, and none again', { timeout: 300_000 }, async () => {
  const options = { path: inFolder('jumping.db') }
  await using storage = sqliteStorage(options)
  await storage.migrate()
  expect((await jumpingClocks({ ...opener, options }, storage)).firings).toBeGreaterThanOrEqual(7)
})
