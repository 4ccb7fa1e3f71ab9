import { describe, expect, it, onTestFinished } from 'vitest'
import { createStorage, memoryStorage, StorageError, type DriverTransaction, type StorageDriver } from '../../src/storage/index.ts'
import { MemoryDriver } from '../../src/storage/memory/memory-storage.ts'

const happened = { type: 'thing.happened', data: {} }

/** Memory whose transactions have faults. */
function faulty(fault: (tx: DriverTransaction) => Partial<DriverTransaction>): StorageDriver {
  const driver = new MemoryDriver()
  const begin = driver.begin.bind(driver)
  return Object.assign(driver, {
    async begin() {
      const tx = await begin()
      return Object.assign(tx, fault(tx))
    },
  })
}

/** What became an uncaught exception; taken from the test runner for the time of the test. */
function uncaught(): unknown[] {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  onTestFinished(() => {
    process.removeAllListeners('uncaughtException')
    for (const other of others) process.on('uncaughtException', other)
  })
  return errors
}

describe('transactions', () => {
  it('let the error of the work out, also where the rollback fails', async () => {
    const rollback = async (): Promise<void> => {
      throw new Error('connection lost')
    }
    const storage = createStorage(faulty(() => ({ rollback })))
    const stop = new Error('stop')
    await expect(
      storage.transaction(async () => {
        throw stop
      }),
    ).rejects.toBe(stop)
  })

  it('fail with what the commit says, and call nobody back', async () => {
    const lost = new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'connection lost', { details: { outcome: 'unknown' } })
    const commit = async (): Promise<void> => {
      throw lost
    }
    const storage = createStorage(faulty(() => ({ commit })))
    let called = false
    const outcome = storage.transaction(async (tx) => {
      tx.onCommit(() => (called = true))
      await tx.events.append('a', [happened])
    })
    await expect(outcome).rejects.toBe(lost)
    expect(called).toBe(false)
  })

  it('do not commit where a nested one could not be undone', async () => {
    const lost = new Error('connection lost')
    const rollbackTo = async (): Promise<void> => {
      throw lost
    }
    const storage = createStorage(faulty(() => ({ rollbackTo })))
    const outcome = storage.transaction(async (tx) => {
      const nested = tx.transaction(async (inner) => {
        await inner.events.append('a', [happened])
        throw new Error('stop')
      })
      await nested.catch(() => undefined)
    })
    await expect(outcome).rejects.toBe(lost)
  })

  it('have committed whatever their callbacks and listeners throw', async () => {
    const errors = uncaught()
    const storage = memoryStorage()
    const calls: string[] = []
    storage.events.onAppend(() => {
      throw new Error('listener')
    })
    storage.events.onAppend(() => calls.push('listener'))
    await storage.transaction(async (tx) => {
      tx.onCommit(() => {
        throw new Error('callback')
      })
      tx.onCommit(() => calls.push('callback'))
      await tx.events.append('a', [happened])
    })
    await storage.events.append('a', [happened])
    expect(calls).toEqual(['callback', 'listener', 'listener'])
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors.map((error) => (error as Error).message)).toEqual(['callback', 'listener', 'listener'])
    expect((await storage.events.info('a'))?.version).toBe(2)
  })

  it('are not joined by the listeners that their appends wake', async () => {
    const storage = memoryStorage()
    const seen: unknown[] = []
    storage.events.onAppend(() => seen.push(storage.running))
    await storage.transaction(async (tx) => {
      await tx.events.append('a', [happened])
    })
    expect(seen).toEqual([undefined])
  })

  it('refuse callbacks after their end', async () => {
    const tx = await memoryStorage().transaction(async (running) => running)
    expect(() => tx.onCommit(() => undefined)).toThrow(expect.objectContaining({ code: 'TUTTI_TRANSACTION_ENDED' }))
  })

  it('refuse another storage’s calls, and to be closed from within', async () => {
    const [one, other] = [memoryStorage(), memoryStorage()]
    await one.transaction(async (tx) => {
      await expect(other.events.append('a', [happened], { tx })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
      await expect(one.close()).rejects.toMatchObject({ code: 'TUTTI_TRANSACTION_OPEN' })
      await tx.events.append('a', [happened])
    })
    expect((await one.events.info('a'))?.version).toBe(1)
    await one.close()
  })

  it('say that memory has no SQL', async () => {
    const storage = memoryStorage()
    expect(() => storage.sql).toThrow(expect.objectContaining({ code: 'TUTTI_STORAGE_NO_SQL' }))
    await storage.transaction(async (tx) => {
      expect(() => tx.sql).toThrow(expect.objectContaining({ code: 'TUTTI_STORAGE_NO_SQL' }))
    })
  })

  it('end their stragglers before they commit', async () => {
    const storage = memoryStorage()
    let nested: Promise<unknown> | undefined
    await storage.transaction(async (tx) => {
      nested = tx.transaction(async (inner) => {
        await new Promise((resolve) => setTimeout(resolve, 5))
        await inner.events.append('a', [happened])
      })
    })
    await nested
    expect((await storage.events.info('a'))?.version).toBe(1)
  })
})
