import { join } from 'node:path'
import { expect, it } from 'vitest'
import { killRounds } from '../../../packages/tutti/test/schedule/kill-rounds.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('Schedules on MySQL', () => {
  it('run each time once, however three processes are killed', { timeout: 300_000 }, async () => {
    const database = await ownDatabase()
    const storage = await testStorage(database)
    try {
      const worker = { module: join(import.meta.dirname, '../src/index.ts'), opener: 'mysql', options: { url, database } }
      const { firings, repeated } = await killRounds(worker, { storage, rounds: 3, jobs: 60, stops: false })
      expect(firings).toBeGreaterThan(10)
      expect(repeated).toBeGreaterThanOrEqual(3)
    } finally {
      await storage.close()
      await dropDatabase(database)
    }
  })
})
