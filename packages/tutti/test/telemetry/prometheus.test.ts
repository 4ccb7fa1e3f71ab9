import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { privateServer } from '../../../../scripts/services/private-server.mjs'
import * as z from 'zod'
import { App, projection, topic, workflow } from '../../src/index.ts'
import { createMeter } from '../../src/observe/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Account } from '../app/account.ts'
import { readPages, yamlOf } from '../docs/pages.ts'

/** Tests with a real Prometheus; without it they are skipped, and their name says why. In CI `npm test` fails instead. */
function describeWithPrometheus(name: string, tests: () => void): void {
  if ((process.env['TUTTI_PROMETHEUS_URL'] ?? '') === '')
    describe.skip(`${name} (skipped: TUTTI_PROMETHEUS_URL is not set; npm test sets it)`, tests)
  else describe(name, { timeout: 240_000 }, tests)
}

// Of many kinds, with labels that want escaping.
const meter = createMeter('test')
meter.counter('shop.orders', { description: 'Orders "taken",\nby kind \\ channel', unit: '{order}' }).add(7, { kind: 'a "b"\\\n' })
const times = meter.histogram('shop.time', { description: 'Time of things', unit: 's' })
for (const value of [0.003, 0.3, 3, 30]) times.record(value, { step: 'pay' })
meter.gauge('shop.open', () => 5, { description: 'Open orders' })

/** An application that has done work of all kinds. */
async function busyApp(): Promise<{ readonly app: App; readonly port: number }> {
  const app = new App({ name: 'shop', log: { level: 'silent' }, storage: memoryStorage() })
  const notes = topic('notes', z.object({ text: z.string() }))
  const rest = workflow('rest', {}, async (ctx) => ctx.step('nap', () => 1))
  app.use(Account, projection('list', { from: [Account] }, {}), notes, rest)
  app.consume(notes, { group: 'readers' }, () => {})
  app.cron('tick', { every: '100ms' }, () => {})
  app.get('/', async ({ send, publish, run }) => {
    await send(Account.commands.deposit('a1', { amount: 1 }))
    await publish(notes, { text: 'x' })
    await run(rest, undefined).then((started) => started.result())
    return 'hello'
  })
  const { port, url } = await app.listen(0)
  for (let sent = 0; sent < 3; sent++) await fetch(url)
  return { app, port }
}

/** What Prometheus' own tool says, and how it ends. */
async function promtool(args: readonly string[], input = ''): Promise<{ readonly said: string; readonly code: unknown }> {
  const child = spawn('promtool', args)
  child.stdin.end(input)
  const code = new Promise((resolve) => child.once('close', resolve))
  const said = (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
  return { said, code: await code }
}

describeWithPrometheus('Prometheus', () => {
  it('finds nothing wrong with /metrics (promtool check metrics)', async () => {
    const { app, port } = await busyApp()
    await using _ = app
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(await promtool(['check', 'metrics'], page)).toEqual({ said: '', code: 0 })
    expect(page).toContain('shop_orders_total{kind="a \\"b\\"\\\\\\n"} 7')
  })

  it('takes the configuration in the guide (promtool check config)', async () => {
    const configurations = readPages()
      .flatMap(yamlOf)
      .filter((yaml) => yaml.startsWith('# prometheus.yml'))
    expect(configurations).toHaveLength(1)
    const folder = await mkdtemp(join(tmpdir(), 'tutti-prometheus-'))
    await writeFile(join(folder, 'prometheus.yml'), configurations.join(''))
    expect(await promtool(['check', 'config', '--syntax-only', join(folder, 'prometheus.yml')])).toMatchObject({ code: 0 })
    await rm(folder, { recursive: true })
  })

  it('reads the page, and answers queries about what it found there', async () => {
    const { app, port } = await busyApp()
    await using _ = app
    const server = await privateServer('prometheus')
    try {
      await writeFile(join(server.data, 'targets/app.json'), JSON.stringify([{ targets: [`127.0.0.1:${port}`] }]))
      const ask = async (query: string): Promise<string | undefined> => {
        const url = new URL('/api/v1/query', server.url)
        url.searchParams.set('query', query)
        const answer: { data: { result: { value: [number, string] }[] } } = JSON.parse(await (await fetch(url)).text())
        return answer.data.result[0]?.value[1]
      }
      const soon = { timeout: 120_000, interval: 100 }
      await expect.poll(() => ask('up{job="tests"}'), soon).toBe('1')
      await expect.poll(() => ask('shop_orders_total{kind="a \\"b\\"\\\\\\n"}'), soon).toBe('7')
      expect(await ask('shop_open')).toBe('5')
      expect(await ask('shop_time_seconds_count{step="pay"}')).toBe('4')
      expect(await ask('shop_time_seconds_bucket{step="pay",le="5.0"}')).toBe('3')
      expect(Number(await ask('histogram_quantile(0.5, shop_time_seconds_bucket{step="pay"})'))).toBeGreaterThan(0.2)
      expect(Number(await ask('process_resident_memory_bytes'))).toBeGreaterThan(1e7)
      expect(await ask('tutti_build_info')).toBe('1')
    } finally {
      await server.remove()
    }
  })
})
