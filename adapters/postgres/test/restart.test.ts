import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { postgres, type PostgresStorage } from '../src/index.ts'
import { loadOverRestart } from '../../../packages/tutti/test/storage/restart-load.ts'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { describeWithServer } from './test-storage.ts'

const soon = { timeout: 60_000, interval: 20 }

describeWithServer('A server that goes away', () => {
  let server: PrivateServer
  let storage: PostgresStorage

  beforeAll(async () => {
    server = await privateServer('postgres')
    storage = postgres({ url: server.url, pool: { connectTimeout: '2s' } })
    await storage.migrate()
  }, 240_000)

  afterAll(async () => {
    await storage.close()
    await server.remove()
  }, 240_000)

  it.for(['stop', 'crash'] as const)(
    'loses nothing that was acknowledged over a %s in mid-load, and projections go on where they were',
    { timeout: 180_000 },
    (how) => loadOverRestart({ storage, server, how }),
  )

  it('hears of events of other processes again', async () => {
    const other = postgres({ url: server.url })
    let heard = 0
    using _ = storage.events.onAppend(() => heard++)
    await storage.events.page()
    await server.stop()
    await server.start()
    await vi.waitFor(async () => {
      await other.events.append('wake', [{ type: 'x', data: 1 }])
      expect(heard).toBeGreaterThan(3)
    }, soon)
    await other.close()
  }, 240_000)
})

describeWithServer('A server that does not answer', () => {
  it('fails within the time, without the password in what it says', async () => {
    const silent = createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const storage = postgres({ url: `postgres://user:geheim@127.0.0.1:${port}/shop`, pool: { connectTimeout: 200 } })
    const error: unknown = await storage.events.append('s', [{ type: 'x', data: 1 }]).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'TUTTI_STORAGE_UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${port}/shop`),
      details: { outcome: 'none' },
    })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error as object)) + String((error as Error).stack)).not.toContain('geheim')
    await storage.close()
    await new Promise((resolve) => silent.close(resolve))
  })
})
