import { expect, it } from 'vitest'
import { openTelemetry, type OpenTelemetryOptions } from '../src/index.ts'
import { Receiver } from './receiver.ts'
import { logLine, spans, TestSource } from './records.ts'

const longTest = 60_000
const soon = { timeout: 30_000 }
/** Nobody listens on the first port. */
const nobody = 'http://127.0.0.1:1'

async function open(url: string, more: OpenTelemetryOptions = {}) {
  const source = new TestSource()
  const sink = await openTelemetry({ url, metrics: false, delay: 20, closeTimeout: '30s', ...more }).open(source)
  return { sink, reports: source.reports }
}

it(
  'a collector that was away gets everything, and it is said once',
  async () => {
    await using receiver = await Receiver.open()
    receiver.isAway = true
    const { sink, reports } = await open(receiver.url)
    sink.spans?.(spans(3))
    sink.log?.(logLine('one'))
    await expect.poll(() => reports, soon).toHaveLength(1)
    expect(reports[0]).toMatch(/^Telemetry cannot be sent to http:\/\/127\.0\.0\.1:\d+: .+ It waits, within bounds, and is tried again\.$/)
    receiver.isAway = false
    await sink.flush()
    expect(receiver.spanNames()).toEqual(['span 0', 'span 1', 'span 2'])
    expect(receiver.logs()).toHaveLength(1)
    expect(reports.slice(1)).toEqual([`${receiver.url} takes telemetry again.`])
    await sink.close()
  },
  longTest,
)

it(
  'a collector gets what waits at the end if it comes back in time',
  async () => {
    await using receiver = await Receiver.open()
    receiver.isAway = true
    const { sink, reports } = await open(receiver.url)
    sink.spans?.(spans(1))
    await expect.poll(() => reports, soon).toHaveLength(1)
    sink.spans?.(spans(2, 1))
    const closed = sink.close()
    receiver.isAway = false
    await closed
    expect(receiver.spanNames().toSorted()).toEqual(['span 0', 'span 1', 'span 2'])
  },
  longTest,
)

it(
  'a collector that is away does not hold up the end, and what is lost is said',
  async () => {
    const { sink, reports } = await open(nobody, { closeTimeout: 300 })
    sink.spans?.(spans(600))
    sink.log?.(logLine('one'))
    await sink.close()
    expect(reports).toContainEqual(expect.stringMatching(/^Telemetry is being lost \(spans\): .* did not take them: /))
    expect(reports.at(-1)).toBe('Telemetry has ended; lost at last: 600 spans, 1 log lines.')
  },
  longTest,
)

it(
  'a collector that stays away is given up',
  async () => {
    const { sink, reports } = await open(nobody, { giveUpAfter: 300 })
    sink.spans?.(spans(2))
    await sink.flush()
    expect(reports).toContainEqual(expect.stringMatching(/^Telemetry is being lost \(spans\)/))
    await sink.close()
    expect(reports.at(-1)).toBe('Telemetry has ended; lost at last: 2 spans.')
  },
  longTest,
)
