import { App, aggregate, event, memoryProjection, projection } from 'tutti'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { privateServer, type PrivateServer } from '../../../scripts/services/private-server.mjs'
import { describeWithServer } from './test-storage.ts'

const Counter = aggregate('counter', {
  events: { counted: event(z.object({ by: z.number() })) },
  commands: { count: z.object({ by: z.number() }) },
  initial: () => ({ sum: 0 }),
})
  .evolve({ counted: ({ sum }, { by }) => ({ sum: sum + by }) })
  .decide({ count: (_, command, emit) => emit.counted(command) })

const sums = projection(
  'sums',
  { from: [Counter] },
  {
    'counter.counted': async (e, { documents }) => {
      documents.put(e.stream, ((await documents.get<number>(e.stream)) ?? 0) + e.data.by)
    },
  },
)
const total = memoryProjection('total', { from: [Counter], initial: () => 0 }, { 'counter.counted': (e, { state }) => state + e.data.by })

describeWithServer('An application whose PostgreSQL goes away', () => {
  let server: PrivateServer
  let app: App

  beforeAll(async () => {
    server = await privateServer('postgres')
    app = new App({ name: 't', log: { level: 'silent' }, storage: server.url }).use(Counter, sums, total)
    app.post('/count', ({ send }) => send(Counter.commands.count('a', { by: 1 })))
    await app.start()
  }, 240_000)

  afterAll(async () => {
    await app.stop()
    await server.remove()
  }, 240_000)

  const statusOf = async (path: string, method = 'GET'): Promise<number> =>
    (await app.fetch(new Request(`http://test${path}`, { method, headers: { prefer: 'wait=30' } }))).status

  it('is alive but not ready, answers 503, and works again when the server does', { timeout: 240_000 }, async () => {
    const soon = { timeout: 60_000, interval: 100 }
    expect(await statusOf('/count', 'POST')).toBe(200)
    expect(await statusOf('/health/ready')).toBe(200)
    await server.stop()
    await vi.waitFor(async () => expect(await statusOf('/health/ready')).toBe(503), soon)
    expect(await statusOf('/health/live')).toBe(200)
    expect(await statusOf('/count', 'POST')).toBe(503)
    await server.start()
    await vi.waitFor(async () => expect(await statusOf('/health/ready')).toBe(200), soon)
    await vi.waitFor(async () => expect(await statusOf('/count', 'POST')).toBe(200), soon)
    expect(await app.view(sums).get('counter-a')).toBe((await app.load(Counter, 'a')).sum)
    expect(app.view(total).get()).toBe((await app.load(Counter, 'a')).sum)
  })
})
