import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { postgres, type PostgresStorage } from '../src/index.ts'
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
    'loses nothing that was acknowledged over a %s in mid-load, and is used again afterwards',
    { timeout: 240_000 },
    async (how) => {
      const acknowledged: string[] = []
      const refused: unknown[] = []
      let working = true
      const callers = Array.from({ length: 16 }, async (_, caller) => {
        for (let i = 0; working; i++) {
          const stream = `${how}-${caller}-${i}`
          try {
            await storage.events.append(stream, [{ type: 'x', data: { i } }], { expected: 'none' })
            acknowledged.push(stream)
          } catch (error) {
            refused.push(error)
            await new Promise((resolve) => setTimeout(resolve, 20))
          }
        }
      })
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(200), soon)
      const open = storage.transaction(async (tx) => {
        await tx.events.append(`${how}-open`, [{ type: 'x', data: 1 }])
        await server[how]()
        await tx.events.append(`${how}-open`, [{ type: 'x', data: 2 }])
      })
      await expect(open).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', details: { outcome: 'none' } })
      await vi.waitFor(() => expect(refused.length).toBeGreaterThan(5), soon)
      await expect(storage.ping()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', status: 503 })
      const before = acknowledged.length
      await server.start()
      await vi.waitFor(() => expect(acknowledged.length).toBeGreaterThan(before + 50), soon)
      working = false
      await Promise.all(callers)
      for (const error of refused) expect(error).toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE' })
      const there = new Set<string>()
      for await (const { stream } of storage.events.readAll({ streams: [`${how}-`] })) there.add(stream)
      expect(acknowledged.filter((stream) => !there.has(stream))).toEqual([])
      expect(there).not.toContain(`${how}-open`)
    },
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
