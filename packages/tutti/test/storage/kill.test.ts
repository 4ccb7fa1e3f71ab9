import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sqliteStorage } from '../../src/storage/index.ts'
import { killRounds } from './kill-rounds.ts'

it(
  'SQLite keeps what it acknowledged when its process is killed, nothing by halves, and read models that agree with the events',
  { timeout: 600_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tutti-kill-'))
    try {
      const options = { path: join(folder, 'shop.db') }
      const module = join(import.meta.dirname, '../../src/storage/index.ts')
      const report = await killRounds({ module, opener: 'sqliteStorage', options, open: () => sqliteStorage(options), rounds: 50 })
      expect(report.acknowledged).toBeGreaterThan(500)
      // At least so often it was killed amid the work of its read models.
      expect(report.inMidst).toBeGreaterThan(10)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
