import { describe, expect, it } from 'vitest'
import { memoryStorage, type EventStore, type Storage } from '../../src/storage/index.ts'
import { runStorageCase, storageConformance, tortureStorage } from '../../src/testing/index.ts'

/** A storage with a fault in its events. */
function faulty(fault: (events: EventStore) => Partial<EventStore>): Storage {
  const storage = memoryStorage()
  return Object.assign(Object.create(storage) as Storage, {
    events: { ...storage.events, ...fault(storage.events) },
    close: () => storage.close(),
    transaction: storage.transaction.bind(storage),
  })
}

describe('the torture', () => {
  it('finds a reader that skips', async () => {
    const open = (): Storage =>
      faulty((events) => ({
        async page(options) {
          const page = await events.page(options)
          return Math.random() < 0.1 ? { ...page, position: page.position + 1 } : page
        },
      }))
    await expect(tortureStorage(open, { seconds: 1, seed: 7 })).rejects.toThrow(
      /^The torture with seed 7 found: The reader .+ (skipped|met)/,
    )
  })

  it('finds an order that is turned round', async () => {
    const open = (): Storage =>
      faulty((events) => ({
        async page(options) {
          const page = await events.page(options)
          return { ...page, events: page.events.toReversed() }
        },
      }))
    await expect(tortureStorage(open, { seconds: 1, seed: 7 })).rejects.toThrow('met position')
  })

  it('finds an append that is acknowledged and lost', async () => {
    const open = (): Storage =>
      faulty((events) => ({
        async append(stream, list, options) {
          if (Math.random() < 0.9) return events.append(stream, list, options)
          const version = ((await events.info(stream))?.version ?? 0) + list.length
          return { stream, version, position: 1, duplicate: false }
        },
      }))
    await expect(tortureStorage(open, { seconds: 1, seed: 7 })).rejects.toThrow(/acknowledged/)
  })
})

describe('the conformance suite', () => {
  it('has names of their own for all cases', () => {
    expect(storageConformance.length).toBeGreaterThan(80)
    expect(new Set(storageConformance.map(({ name }) => name)).size).toBe(storageConformance.length)
  })

  it('finds a storage that ignores what is expected', async () => {
    const open = (): Storage =>
      faulty((events) => ({ append: (stream, list, { expected: _, ...rest } = {}) => events.append(stream, list, rest) }))
    const failed: string[] = []
    for (const one of storageConformance.filter(({ name }) => name.startsWith('appends:')))
      await runStorageCase(one, open).catch(() => failed.push(one.name))
    expect(failed).toContain('appends: 16 racers with the same version: one winner, round after round')
    expect(failed).toContain('appends: expected none: only a stream that is not there')
  })
})
