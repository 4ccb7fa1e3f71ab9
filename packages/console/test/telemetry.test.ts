import { describe, expect, it } from 'vitest'
import { logFits, shortFields } from '../src/views/logs/levels.ts'
import { aspectsOf, chartLines, firstChoice, unitOf } from '../src/views/metrics/series.ts'
import { waterfall, type SpanRecord } from '../src/views/traces/waterfall.ts'

type Given = Partial<SpanRecord> & { readonly spanId: string }

const span = (given: Given): SpanRecord => ({
  traceId: 't1',
  parentId: undefined,
  state: undefined,
  flags: 1,
  name: given.spanId,
  kind: 'internal',
  scope: 'tutti.http',
  start: 1000,
  duration: 100,
  status: 'unset',
  statusMessage: undefined,
  attributes: {},
  events: [],
  links: [],
  ...given,
})

const link = (spanId: string, traceId = 't1') => ({ traceId, spanId, flags: 1 })

describe('waterfalls', () => {
  const request = span({ spanId: 'request' })
  const command = span({ spanId: 'command', parentId: 'request', start: 1010, duration: 80 })
  const later = span({ spanId: 'later', traceId: 't2', start: 5000, duration: 50, links: [link('command')] })
  const rows = (spans: readonly SpanRecord[], folded?: ReadonlySet<string>) => waterfall(spans, folded).rows

  it('put parts below what they are part of, and what follows below what it follows from', () => {
    const shown = rows([later, command, request]).map((row) => [row.span.spanId, row.depth, row.offset, row.follows])
    expect(shown).toEqual([
      ['request', 0, 0, false],
      ['command', 1, 10, false],
      ['later', 2, 4000, true],
    ])
    expect(waterfall([later, command, request]).duration).toBe(4050)
  })

  it('leave out what is folded', () => {
    expect(rows([later, command, request], new Set(['request'])).map((row) => row.span.spanId)).toEqual(['request'])
  })

  it('mark what took much time itself, not what waited for its parts or for another time', () => {
    const slow = rows([later, command, request]).filter((row) => row.slow)
    expect(slow.map((row) => row.span.spanId)).toEqual(['command', 'later'])
    expect(rows([request, command])[0]?.own).toBe(20)
  })

  it('show spans whose parents are lost, and links in circles, once each', () => {
    const lost = span({ spanId: 'lost', parentId: 'nobody' })
    const a = span({ spanId: 'a', links: [link('b')] })
    const b = span({ spanId: 'b', links: [link('a')] })
    expect(
      rows([lost, a, b])
        .map((row) => row.span.spanId)
        .toSorted(),
    ).toEqual(['a', 'b', 'lost'])
    expect(waterfall([])).toEqual({ rows: [], start: 0, duration: 0 })
  })
})

describe('log lines', () => {
  const log = {
    id: 1,
    time: 0,
    level: 'warn' as const,
    message: 'Held back',
    fields: { component: 'broker', traceId: 't1', topic: 'orders', error: { message: 'gone' } },
  }
  const filter = { level: '', text: '', component: '', traceId: '' }

  it('fit filters as the API sees them', () => {
    expect(logFits(log, { ...filter, level: 'info', text: 'HELD', component: 'broker', traceId: 't1' })).toBe(true)
    expect(logFits(log, { ...filter, text: 'orders' })).toBe(true)
    expect(logFits(log, { ...filter, level: 'error' })).toBe(false)
    expect(logFits(log, { ...filter, component: 'http' })).toBe(false)
    expect(logFits(log, { ...filter, traceId: 't2' })).toBe(false)
  })

  it('are told in short', () => expect(shortFields(log.fields)).toBe('topic=orders error=gone'))
})

describe('metrics', () => {
  const series = {
    name: 'http.server.request.duration',
    unit: 's',
    times: [1, 2],
    lines: Array.from({ length: 8 }, (_, index) => ({
      labels: { method: 'GET', route: `/${index}` },
      of: 'p99' as const,
      values: [index, null],
    })),
  }

  it('show the biggest lines, named by what tells them apart', () => {
    const { lines, more } = chartLines(series, 'p99')
    expect(lines.map(({ name }) => name)).toEqual(['/7', '/6', '/5', '/4', '/3', '/2'])
    expect(more).toBe(2)
    expect(chartLines(series, 'p50')).toEqual({ lines: [], more: 0 })
  })

  it('have aspects and units', () => {
    expect([aspectsOf({ kind: 'counter' }), aspectsOf({ kind: 'gauge' })]).toEqual([['rate'], ['value']])
    expect([unitOf('s', 'rate'), unitOf('s', 'p99')]).toEqual(['/s', 's'])
    const instrument = (name: string) => ({ meter: 'm', name, kind: 'gauge' as const, series: [] })
    expect(firstChoice([instrument('a'), instrument('tutti.command.duration')])).toEqual(['tutti.command.duration', 'a'])
  })
})
