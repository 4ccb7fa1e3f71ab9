import { join } from 'node:path'
import { expect, it } from 'vitest'
import { killRounds } from '../../../packages/tutti/test/storage/kill-rounds.ts'
import { mysql } from '../src/index.ts'
import { describeWithServer, dropDatabase, ownDatabase, testStorage, url } from './test-storage.ts'

describeWithServer('MySQL when processes are killed again and again', () => {
  it('keeps what it acknowledged, nothing by halves, and read models that agree with the events', { timeout: 600_000 }, async () => {
    const database = await ownDatabase()
    await (await testStorage(database)).close()
    try {
      const options = { url, database }
      const module = join(import.meta.dirname, '../src/index.ts')
      const report = await killRounds({ module, opener: 'mysql', options, open: () => mysql(options), rounds: 6, processes: 2 })
      expect(report.acknowledged).toBeGreaterThan(100)
    } finally {
      await dropDatabase(database)
    }
  })
})
