import { describe, it } from 'vitest'
import { memoryStorage, sqliteStorage } from '../../src/storage/index.ts'
import { runStorageCase, workflowConformance } from '../../src/testing/index.ts'
import { temporaryFolder } from '../storage/temporary-folder.ts'

const inFolder = await temporaryFolder()

describe.each([
  ['memory', () => memoryStorage()],
  ['SQLite', () => sqliteStorage({ path: inFolder('workflows.db') })],
] as const)('on %s', (_, open) => {
  for (const one of workflowConformance) {
    it(one.name, { timeout: 60_000 }, async ({ skip }) => {
      const reason = await runStorageCase(one, open)
      if (reason !== undefined) skip(reason)
    })
  }
})
