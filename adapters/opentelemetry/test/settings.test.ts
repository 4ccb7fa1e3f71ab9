import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { OpenTelemetryOptions } from '../src/options.ts'
import { settle, type Signal } from '../src/settings.ts'

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

function environment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

const urls = (options: OpenTelemetryOptions = {}) =>
  Object.fromEntries([...settle(options).destinations].map(([signal, { url }]) => [signal, url.href]))

async function destination(signal: Signal, options: OpenTelemetryOptions = {}) {
  const found = settle(options).destinations.get(signal)
  return { ...found, headers: await found?.headers() }
}

describe('where telemetry goes', () => {
  it('is this machine by itself', () => {
    expect(urls()).toEqual({
      traces: 'http://localhost:4318/v1/traces',
      metrics: 'http://localhost:4318/v1/metrics',
      logs: 'http://localhost:4318/v1/logs',
    })
    expect(urls({ protocol: 'grpc' })).toMatchObject({ traces: 'http://localhost:4317/' })
  })

  it('is the common address with paths added, and the address of a signal as it stands', () => {
    environment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://one/otlp/', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://two:99/in' })
    expect(urls()).toEqual({ traces: 'https://one/otlp/v1/traces', metrics: 'https://one/otlp/v1/metrics', logs: 'http://two:99/in' })
    expect(urls({ url: 'http://three' })).toMatchObject({ logs: 'http://three/v1/logs' })
  })

  it('may lack the scheme for gRPC', () => {
    environment({ OTEL_EXPORTER_OTLP_ENDPOINT: 'one:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_LOGS_INSECURE: 'true' })
    expect(urls()).toEqual({ traces: 'https://one:4317/', metrics: 'https://one:4317/', logs: 'http://one:4317/' })
  })

  it('leaves out what is switched off', () => {
    environment({ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'prometheus', OTEL_LOGS_EXPORTER: 'console, otlp' })
    expect(Object.keys(urls())).toEqual(['logs'])
    expect(Object.keys(urls({ traces: true, logs: false }))).toEqual(['traces'])
    environment({ OTEL_SDK_DISABLED: 'True' })
    expect(urls({ traces: true })).toEqual({})
  })
})

describe('how telemetry goes', () => {
  it('is said by the environment, for all signals or one', async () => {
    environment({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20one, x-tenant=acme',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-tenant=other',
      OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: '2000',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    })
    expect(await destination('traces')).toMatchObject({
      protocol: 'http/protobuf',
      headers: { authorization: 'Bearer one', 'x-tenant': 'other' },
      timeout: 2_000,
      compression: 'gzip',
    })
    expect(await destination('logs')).toMatchObject({ protocol: 'http/json', headers: { 'x-tenant': 'acme' }, timeout: 10_000 })
    const options = { protocol: 'grpc', headers: { key: 'mine' }, timeout: '3s', compression: 'none' } as const
    expect(await destination('logs', options)).toMatchObject({
      protocol: 'grpc',
      headers: { key: 'mine' },
      timeout: 3_000,
      compression: 'none',
    })
  })

  it('reads certificates', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-otel-'))
    const file = join(folder, 'ca.pem')
    writeFileSync(file, 'the authority')
    environment({ OTEL_EXPORTER_OTLP_CERTIFICATE: file })
    expect(await destination('logs')).toMatchObject({ tls: { ca: 'the authority' } })
    expect(await destination('logs', { tls: { ca: 'mine' } })).toMatchObject({ tls: { ca: 'mine' } })
    environment({ OTEL_EXPORTER_OTLP_CLIENT_KEY: join(folder, 'none.pem') })
    expect(() => settle({})).toThrow(/cannot read the file .*none\.pem.* that OTEL_EXPORTER_OTLP_CLIENT_KEY names/)
    rmSync(folder, { recursive: true })
  })

  it('has queues, batches and intervals from the environment', () => {
    environment({ OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BLRP_SCHEDULE_DELAY: '70', OTEL_METRIC_EXPORT_INTERVAL: '5000' })
    expect(settle({})).toMatchObject({
      spans: { queue: 100, batch: 100, delay: 5_000 },
      logs: { queue: 8_192, batch: 512, delay: 70 },
      interval: 5_000,
      temporality: 'cumulative',
      giveUpAfter: 300_000,
      closeTimeout: 5_000,
    })
    environment({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'LowMemory' })
    expect(settle({})).toMatchObject({ temporality: 'delta' })
    expect(settle({ queue: 7, batch: 3, delay: '1m', interval: 1 })).toMatchObject({
      spans: { queue: 7, batch: 3, delay: 60_000 },
      logs: { queue: 7, batch: 3, delay: 60_000 },
      interval: 1,
    })
  })
})

describe('what cannot be meant', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown option', { endpoint: 'http://one' }, /the option "endpoint"; known are url, protocol/],
    ['an address of something else', { url: 'ftp://user:secret@one' }, /no address of a collector; wanted one such as http/],
    ['no address', { url: 'collector' }, /no address of a collector/],
    ['an unknown protocol', { protocol: 'udp' }, /the protocol "udp"; wanted http\/protobuf, http\/json, grpc/],
    ['an unknown compression', { compression: 'br' }, /the compression "br"; wanted gzip or none/],
    ['an unknown temporality', { temporality: 'weekly' }, /the temporality "weekly"; wanted cumulative or delta/],
    ['no queue', { queue: 0 }, /queue: 0; wanted a whole number of 1 or more/],
    ['no interval', { interval: 0 }, /interval: 0; wanted more than nothing/],
    ['an endless interval', { interval: '5w' }, /interval: 5w; wanted .* 24 days at most/],
  ])('%s is refused', (_, options, message) => {
    expect(() => settle(options)).toThrow(message)
    expect(() => settle(options)).not.toThrow(/secret/)
  })

  it.each([
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'soap', /the protocol "soap"/],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', /"10s" in OTEL_EXPORTER_OTLP_TIMEOUT; wanted a whole number/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'secret', /something without a name or a value in OTEL_EXPORTER_OTLP_HEADERS/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=%', /something in OTEL_EXPORTER_OTLP_HEADERS that is not percent-encoded/],
  ])('%s=%s is refused', (name, value, message) => {
    environment({ [name]: value })
    expect(() => settle({})).toThrow(message)
  })
})
