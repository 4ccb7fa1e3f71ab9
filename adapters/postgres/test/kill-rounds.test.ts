import { join } from 'node:path'
import { expect, it } from 'vitest'
import { killRounds } from '../../../packages/tutti/test/storage/kill-rounds.ts'
import { postgres } from '../src/index.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('PostgreSQL when processes are killed again and again', () => {
  it('keeps what it acknowledged, nothing by halves, and read models that agree with the events', { timeout: 600_000 }, async () => {
    const schema = ownSchema()
    await (await testStorage(schema)).close()
    try {
      const options = { url, schema }
      const module = join(import.meta.dirname, '../src/index.ts')
      const report = await killRounds({ module, opener: 'postgres', options, open: () => postgres(options), rounds: 50, processes: 2 })
      expect(report.acknowledged).toBeGreaterThan(100)
    } finally {
      await dropSchema(schema)
    }
  })
})
