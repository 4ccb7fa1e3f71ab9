import { join } from 'node:path'
import { expect, it } from 'vitest'
import { jumpingClocks, killRounds } from '../../../packages/tutti/test/schedule/kill-rounds.ts'
import { describeWithServer, dropSchema, ownSchema, testStorage, url } from './test-storage.ts'

describeWithServer('Schedules on PostgreSQL', () => {
  const opener = { module: join(import.meta.dirname, '../src/index.ts'), opener: 'postgres' }

  it('run each time once, however three processes are killed and stopped', { timeout: 300_000 }, async () => {
    const schema = ownSchema()
    const storage = await testStorage(schema)
    try {
      const { firings, repeated } = await killRounds({ ...opener, options: { url, schema } }, { storage, rounds: 3, jobs: 60, stops: true })
      expect(firings).toBeGreaterThan(10)
      expect(repeated).toBeGreaterThanOrEqual(3)
    } finally {
      await storage.close()
      await dropSchema(schema)
    }
  })

  it('run each time once where clocks jump, and none again', { timeout: 300_000 }, async () => {
    const schema = ownSchema()
    const storage = await testStorage(schema)
    try {
      expect((await jumpingClocks({ ...opener, options: { url, schema } }, storage)).firings).toBeGreaterThanOrEqual(7)
    } finally {
      await storage.close()
      await dropSchema(schema)
    }
  })
})
