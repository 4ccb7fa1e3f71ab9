import { describe, expect, it } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { attributes, partialSuccess, type Json } from './otlp-messages.ts'
import { Receiver, type Reply } from './receiver.ts'
import { logLine, spans, TestSource } from './records.ts'

const longTest = 60_000
const soon = { timeout: 30_000 }

/** Answers with a status and nothing else. */
const status =
  (code: number, headers: Record<string, string> = {}): Reply =>
  (response) =>
    void response.writeHead(code, headers).end('the reason')

/** Never answers. */
const silence: Reply = () => undefined

async function open(url: string, more: OpenTelemetryOptions = {}) {
  const source = new TestSource()
  const sink = await openTelemetry({ url, metrics: false, delay: 20, closeTimeout: '30s', ...more }).open(source)
  return { source, sink, reports: source.reports }
}

/** What the metric of losses says, by signal and reason. */
function losses(receiver: Receiver): Json {
  const { sum } = receiver.metrics().get('tutti.telemetry.lost') as { sum: { dataPoints: Json[] } }
  return Object.fromEntries(
    sum.dataPoints.map(({ attributes: labels, asDouble }) => [Object.values(attributes(labels)).join(' '), asDouble]),
  )
}

describe.concurrent('a collector with troubles', () => {
  it.each([
    ['is overloaded', status(429)],
    ['is not ready', status(503)],
    ['closes the connection', ((response) => void response.destroy()) satisfies Reply],
    ['breaks off', ((response) => response.writeHead(200, { 'content-length': 9 }).flushHeaders()) satisfies Reply],
    ['does not answer in time', silence],
  ])(
    'that %s is asked again',
    async (_, reply) => {
      await using receiver = await Receiver.open()
      receiver.replies.push(reply)
      const { sink, reports } = await open(receiver.url, { timeout: 5_000 })
      sink.spans?.(spans(2))
      await sink.flush()
      expect(receiver.spanNames()).toEqual(['span 0', 'span 1'])
      expect(receiver.requests).toHaveLength(2)
      // One failed attempt is nothing to tell of.
      expect(reports).toEqual([])
      await sink.close()
    },
    longTest,
  )

  it(
    'is not asked again before it wants to be',
    async () => {
      await using receiver = await Receiver.open()
      receiver.replies.push(status(429, { 'retry-after': '1' }), status(503, { 'retry-after': new Date(Date.now() + 2_500).toUTCString() }))
      const { sink } = await open(receiver.url)
      sink.spans?.(spans(1))
      await sink.flush()
      const [first = 0, second = 0] = receiver.requests.map(({ time }) => time)
      expect(second - first).toBeGreaterThan(900)
      expect(receiver.spanNames()).toEqual(['span 0'])
      await sink.close()
    },
    longTest,
  )

  it(
    'is not asked with anything else either while it wants to be left alone',
    async () => {
      await using receiver = await Receiver.open()
      receiver.replies.push(status(429, { 'retry-after': '3600' }))
      const { sink, reports } = await open(receiver.url, { giveUpAfter: 200 })
      for (const from of [0, 1]) {
        sink.spans?.(spans(1, from))
        await sink.flush()
      }
      await sink.close()
      expect(receiver.requests).toHaveLength(1)
      expect(reports.at(-1)).toBe('Telemetry has ended; lost at last: 2 spans.')
    },
    longTest,
  )

  it(
    'that refuses something is not asked again; it is counted and said once',
    async () => {
      await using receiver = await Receiver.open()
      let code = 500
      receiver.answers = ({ signal }) => (signal === 'traces' && code !== 200 ? status(code) : undefined)
      const { sink, reports } = await open(receiver.url, { metrics: true })
      for (code of [500, 400, 404]) {
        sink.spans?.(spans(2))
        await sink.flush()
      }
      expect(receiver.requests.filter(({ signal }) => signal === 'traces')).toHaveLength(3)
      const said = `Telemetry is being lost (spans): ${receiver.url} did not take them: it answered 500: the reason. The metric tutti.telemetry.lost counts it.`
      expect(reports).toEqual([said])
      code = 200
      sink.spans?.(spans(1, 10))
      await sink.close()
      expect(reports).toEqual([said, `${receiver.url} takes telemetry again; lost meanwhile: 6 spans.`])
      expect(receiver.spanNames()).toEqual(['span 10'])
      expect(losses(receiver)).toEqual({ 'traces refused': 6 })
    },
    longTest,
  )

  it(
    'that takes a part of something tells how much it did not',
    async () => {
      await using receiver = await Receiver.open()
      const partly: Reply = (response) =>
        void response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(partialSuccess(3, 'too old'))
      receiver.replies.push(partly)
      const { sink, reports } = await open(receiver.url, { metrics: true })
      sink.spans?.(spans(5))
      await expect.poll(() => reports, soon).toHaveLength(1)
      expect(reports[0]).toContain(`${receiver.url} does not take some: too old`)
      await sink.close()
      expect(losses(receiver)).toEqual({ 'traces refused': 3 })
    },
    longTest,
  )

  it(
    'that answers with something else is content',
    async () => {
      await using receiver = await Receiver.open()
      receiver.replies.push((response) => void response.writeHead(200).end(Buffer.alloc(200_000, 'x')))
      receiver.replies.push((response) => void response.writeHead(202, { 'content-type': 'text/plain' }).end('thanks'))
      const { sink, reports } = await open(receiver.url)
      for (const from of [0, 1]) {
        sink.spans?.(spans(1, from))
        await sink.flush()
      }
      await sink.close()
      expect(receiver.requests).toHaveLength(2)
      expect(reports).toEqual([])
    },
    longTest,
  )

  it(
    'leaves queues no longer than they may be',
    async () => {
      await using receiver = await Receiver.open()
      let silent = true
      receiver.answers = ({ signal }) => (silent && signal !== 'metrics' ? silence : undefined)
      const { sink, reports } = await open(receiver.url, { queue: 10, batch: 5, metrics: true, timeout: 3_000 })
      sink.spans?.(spans(100))
      for (let line = 0; line < 100; line++) sink.log?.(logLine(`line ${line}`))
      await expect.poll(() => receiver.requests.filter(({ signal }) => signal !== 'metrics').length, soon).toBeGreaterThanOrEqual(2)
      silent = false
      await sink.close()
      // Five were under way, ten waited; the others were the latest.
      expect(new Set(receiver.spanNames()).size).toBe(15)
      expect(reports.filter((report) => report.includes('10 wait for the collector already'))).toHaveLength(2)
      const lost = losses(receiver) as { 'traces queue_full': number; 'logs queue_full': number }
      expect(lost['traces queue_full']).toBe(85)
      const lines = new Set(receiver.logs().map(({ body }) => JSON.stringify(body)))
      expect(lines.size).toBe(100 - lost['logs queue_full'])
      expect(lines.size).toBeGreaterThanOrEqual(10)
    },
    longTest,
  )
})

it(
  'headers that cannot be had are asked for again',
  async () => {
    await using receiver = await Receiver.open()
    let asked = 0
    const headers = () => (++asked === 1 ? Promise.reject(new Error('no token yet')) : { authorization: 'Bearer two' })
    const { sink } = await open(receiver.url, { headers })
    sink.spans?.(spans(1))
    await sink.flush()
    expect(receiver.taken).toMatchObject([{ headers: { authorization: 'Bearer two' } }])
    await sink.close()
  },
  longTest,
)
