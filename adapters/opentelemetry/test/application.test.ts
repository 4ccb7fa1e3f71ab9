import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { Receiver } from './receiver.ts'

const longTest = 120_000
const soon = { timeout: 60_000 }

/** A process with the fixture's application, once it listens. */
async function start(variables: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const program = join(import.meta.dirname, 'fixtures/shop.ts')
  const child = spawn(process.execPath, ['--conditions=@tutti/source', program, ...args], {
    env: { ...process.env, NODE_ENV: 'test', ...variables },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const output = Promise.all([text(child.stdout), text(child.stderr)]).then((both) => both.join(''))
  const exited = once(child, 'exit') as Promise<[number | null]>
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { address } = JSON.parse(String(line)) as { address: string }
  return {
    address,
    stop: async () => {
      child.stdin.end()
      return { code: (await exited)[0], output: await output }
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

it(
  'an application sends its telemetry where the environment says',
  async () => {
    await using receiver = await Receiver.open()
    using shop = await start({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_BSP_SCHEDULE_DELAY: '50',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
    })
    const response = await fetch(`${shop.address}/orders/7`, { headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } })
    expect(await response.json()).toEqual({ id: '7' })
    await expect.poll(() => receiver.spanNames(), soon).toContain('GET /orders/:id')
    await expect.poll(() => receiver.logs(), soon).toContainEqual(expect.objectContaining({ body: { stringValue: 'Somebody asked.' } }))
    await expect.poll(() => [...receiver.metrics().keys()], soon).toContain('http.server.request.duration')
    expect(await shop.stop()).toMatchObject({ code: 0 })
    const served = receiver.spans().filter(({ kind }) => kind === 2)
    expect(served).toMatchObject([
      {
        traceId: 'a'.repeat(32),
        parentSpanId: 'b'.repeat(16),
        name: 'GET /orders/:id',
        attributes: { 'http.request.method': 'GET', 'http.response.status_code': 200 },
      },
    ])
    const told = receiver.logs().filter(({ body }) => (body as { stringValue: string }).stringValue === 'Somebody asked.')
    const [{ spanId } = {}] = served
    expect(told).toMatchObject([{ traceId: 'a'.repeat(32), spanId, severityText: 'warn', attributes: { order: '7' } }])
    expect(receiver.resource()).toMatchObject({ 'service.name': 'shop', 'deployment.environment.name': 'test' })
  },
  longTest,
)

it(
  'an application ends in time though its collector never answers',
  async () => {
    await using receiver = await Receiver.open()
    receiver.answers = () => () => undefined
    using shop = await start({}, [receiver.url, '500'])
    expect((await fetch(`${shop.address}/orders/7`)).status).toBe(200)
    const { code, output } = await shop.stop()
    expect(code).toBe(0)
    expect(output).toMatch(/Telemetry has ended; lost at last: \d+ spans/)
  },
  longTest,
)

it(
  'the SDK is loaded when an application opens its export, and gRPC only by those who send by it',
  async () => {
    const program = join(import.meta.dirname, 'fixtures/loaded.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tutti/source', program])
    const { before, after } = JSON.parse(stdout) as { readonly before: readonly string[]; readonly after: readonly string[] }
    expect(before).toEqual([])
    expect(after).toContain('@opentelemetry/sdk-trace')
    expect(after).not.toContain('@grpc/grpc-js')
  },
  longTest,
)
