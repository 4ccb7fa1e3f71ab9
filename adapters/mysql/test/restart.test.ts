import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { mysql, type MysqlStorage } from '../src/index.ts'
import { loadOverRestart } from '../../../packages/tutti/test/storage/restart-load.ts'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { describeWithServer } from './test-storage.ts'

describeWithServer('A server that goes away', () => {
  let server: PrivateServer
  let storage: MysqlStorage

  beforeAll(async () => {
    server = await privateServer('mariadb')
    storage = mysql({ url: server.url, pool: { connectTimeout: '2s' } })
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
})

describeWithServer('A server that does not answer', () => {
  it('fails within the time, without the password in what it says', async () => {
    const silent = createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const storage = mysql({ url: `mysql://user:geheim@127.0.0.1:${port}/shop`, pool: { connectTimeout: 200 } })
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
