import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { status } from '@grpc/grpc-js'
import { expect, it } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { GrpcReceiver } from './grpc-receiver.ts'
import { retryInfo } from './otlp-messages.ts'
import { logsOf, metricsOf, spansOf } from './receiver.ts'
import { logLine, spans, TestSource } from './records.ts'

const longTest = 60_000

async function open(receiver: { readonly port: number }, more: OpenTelemetryOptions = {}) {
  const source = new TestSource()
  const options = {
    url: `http://127.0.0.1:${receiver.port}`,
    protocol: 'grpc',
    metrics: false,
    delay: 20,
    closeTimeout: '30s',
    ...more,
  } as const
  return { source, reports: source.reports, sink: await openTelemetry(options).open(source) }
}

it(
  'traces, metrics and logs go by gRPC, compressed and with headers',
  async () => {
    await using receiver = await GrpcReceiver.open()
    const { sink, source } = await open(receiver, { metrics: true, compression: 'gzip', headers: { 'api-key': 'one' } })
    source.values = [{ meter: 'tutti.http', name: 'requests', kind: 'counter', series: [{ labels: {}, value: 7 }] }]
    sink.spans?.(spans(3))
    sink.log?.(logLine('Sold.'))
    await sink.close()
    expect(spansOf(receiver.taken).map(({ name }) => name)).toEqual(['span 0', 'span 1', 'span 2'])
    expect(logsOf(receiver.taken)).toMatchObject([{ body: { stringValue: 'Sold.' } }])
    expect(metricsOf(receiver.taken).get('requests')).toMatchObject({ sum: { dataPoints: [{ asDouble: 7 }] } })
    expect(receiver.taken[0]?.metadata.get('api-key')).toEqual(['one'])
  },
  longTest,
)

it(
  'a call that may be repeated is, after the time that the server wants',
  async () => {
    await using receiver = await GrpcReceiver.open()
    receiver.refusals.push({ code: status.UNAVAILABLE }, { code: status.RESOURCE_EXHAUSTED, status: retryInfo(1, 500_000_000) })
    const { sink, reports } = await open(receiver)
    const begun = performance.now()
    sink.spans?.(spans(2))
    await sink.flush()
    expect(performance.now() - begun).toBeGreaterThan(1_900)
    expect(receiver.calls).toBe(3)
    expect(spansOf(receiver.taken)).toHaveLength(2)
    expect(reports).toHaveLength(2)
    expect(reports[0]).toContain('it answered RESOURCE_EXHAUSTED')
    await sink.close()
  },
  longTest,
)

it(
  'a call that the server refuses is not repeated',
  async () => {
    await using receiver = await GrpcReceiver.open()
    receiver.refusals.push({ code: status.RESOURCE_EXHAUSTED }, { code: status.UNAUTHENTICATED, details: 'no key' })
    const { sink, reports } = await open(receiver)
    for (const from of [0, 1, 2]) {
      sink.spans?.(spans(1, from))
      await sink.flush()
    }
    await sink.close()
    expect(receiver.calls).toBe(3)
    expect(spansOf(receiver.taken).map(({ name }) => name)).toEqual(['span 2'])
    expect(reports).toEqual([
      expect.stringContaining('did not take them: it answered RESOURCE_EXHAUSTED.'),
      expect.stringContaining('takes telemetry again; lost meanwhile: 2 spans.'),
    ])
  },
  longTest,
)

it(
  'a server that is not there holds up nothing',
  async () => {
    const { sink, reports } = await open({ port: 1 }, { closeTimeout: 300 })
    sink.spans?.(spans(5))
    await sink.close()
    expect(reports.at(-1)).toBe('Telemetry has ended; lost at last: 5 spans.')
  },
  longTest,
)

it(
  'a package that is missing is named',
  async () => {
    const program = join(import.meta.dirname, 'fixtures/without-grpc.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@tutti/source', program])
    expect(stdout).toContain('needs the package @grpc/grpc-js, which is not installed; run: npm install @grpc/grpc-js')
  },
  longTest,
)
