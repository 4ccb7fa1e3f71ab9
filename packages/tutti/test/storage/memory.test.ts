import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../../src/storage/index.ts'
import { runStorageCase, storageConformance, tortureStorage } from '../../src/testing/index.ts'

describe('memory storage', () => {
  for (const one of storageConformance) {
    it(one.name, async ({ skip }) => {
      const reason = await runStorageCase(one, () => memoryStorage())
      if (reason !== undefined) skip(reason)
    })
  }

  it('is tortured, and skips nothing', async () => {
    const { events, rolledBack } = await tortureStorage(() => memoryStorage(), { seconds: 2 })
    expect(events).toBeGreaterThan(100)
    expect(rolledBack).toBeGreaterThan(10)
  })
})
