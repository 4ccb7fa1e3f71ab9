import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { App } from 'tutti'
import type { SpanRecord } from 'tutti/telemetry'
import { postgresBroker } from '../src/index.ts'
import { describeWithServer, ownSchema, testStorage, url } from './test-storage.ts'
import { parcels } from './traced-parcels.ts'

describeWithServer('A trace over two processes', () => {
  it('goes on where a message arrives', { timeout: 120_000 }, async () => {
    const schema = ownSchema()
    const storage = await testStorage(schema)
    const broker = postgresBroker({ url, schema, poll: '200ms' })
    await broker.migrate()
    const spans: SpanRecord[] = []
    const sink = { spans: (more: readonly SpanRecord[]) => void spans.push(...more), flush: async () => {}, close: async () => {} }
    const app = new App({
      name: 'shop',
      log: { level: 'silent' },
      storage: 'memory:',
      broker,
      telemetry: { export: { open: async () => sink } },
    })
    app.post('/orders/:id', ({ params, publish }) => publish(parcels, { order: params.id }))
    app.use(parcels)
    const args = [url, schema]
    const child = fork(join(import.meta.dirname, 'fixtures/traced-consumer.ts'), args, {
      execArgv: ['--conditions=@tutti/source'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    try {
      let output = ''
      child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
      await expect.poll(() => output, { timeout: 90_000, interval: 50 }).toContain('ready')
      const response = await app.fetch(new Request('http://shop.example/orders/7', { method: 'POST' }))
      expect(response.status).toBe(200)
      await expect.poll(() => output, { timeout: 90_000, interval: 50 }).toContain('process parcels')
      await app.stop()
      const line = output.split('\n').find((one) => one.includes('process parcels')) ?? ''
      const published = spans.find(({ name }) => name === 'publish parcels')
      const request = spans.find(({ name }) => name === 'POST /orders/:id')
      expect(published?.parentId).toBe(request?.spanId)
      expect(JSON.parse(line)).toMatchObject({ traceId: request?.traceId, parentId: published?.spanId })
    } finally {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
      await app.stop()
      await broker.close()
      await storage.sql`drop schema ${storage.sql.id(schema)} cascade`
      await storage.close()
    }
  })
})
