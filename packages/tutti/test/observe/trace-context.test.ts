import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTraceparent, formatTracestate, newSpanId, newTraceId, parseTraceparent, parseTracestate } from '../../src/observe/index.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const spanId = 'b7ad6b7169203331'
const valid = `00-${traceId}-${spanId}-01`

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length }).filter((text) => !/^0+$/.test(text))
const trace = fc.record({ traceId: hex(32), spanId: hex(16), flags: fc.integer({ min: 0, max: 3 }) })

describe('traceparent', () => {
  it('is read', () => {
    expect(parseTraceparent(valid)).toEqual({ traceId, spanId, flags: 1 })
    expect(parseTraceparent(undefined)).toBeUndefined()
  })

  it.each([
    ['version ff', `ff-${traceId}-${spanId}-01`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['an all-zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['upper case', valid.toUpperCase()],
    ['upper case in the version', `0A-${traceId}-${spanId}-01`],
    ['more fields in version 00', `${valid}-extra`],
    ['a dash at the end of version 00', `${valid}-`],
    ['a future version whose extra does not begin with a dash', `cc-${traceId}-${spanId}-01.what`],
    ['blanks around', ` ${valid}`],
    ['a line break at the end', `${valid}\n`],
    ['a short trace id', `00-${traceId.slice(1)}-${spanId}-01`],
    ['a short flag', valid.slice(0, -1)],
    ['letters beyond hex', valid.replace('a', 'g')],
    ['two headers in one', `${valid},${valid}`],
    ['nothing', ''],
  ])('with %s is invalid', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  it('of a future version may say more', () => {
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId, flags: 1 })
    expect(parseTraceparent(`cc-${traceId}-${spanId}-01-what-the-future-will-be`)).toEqual({ traceId, spanId, flags: 1 })
  })

  it('loses flags that nobody knows', () => {
    expect(parseTraceparent(`00-${traceId}-${spanId}-ff`)?.flags).toBe(3)
  })

  it('survives writing and reading', () => {
    fc.assert(
      fc.property(trace, (given) => {
        expect(parseTraceparent(formatTraceparent(given))).toEqual(given)
      }),
    )
  })

  it('is read only in the form of the specification', () => {
    const near = fc
      .tuple(
        fc.constantFrom('00', '01', 'ff', '0'),
        hex(32),
        hex(16),
        fc.constantFrom('00', '01', 'g1'),
        fc.constantFrom('', '-', '-x', 'x'),
      )
      .map(([v, t, s, f, x]) => `${v}-${t}-${s}-${f}${x}`)
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (header) => {
        const parts = header.split('-')
        const fine =
          header.slice(0, 55) === parts.slice(0, 4).join('-') &&
          parts[0] !== 'ff' &&
          parts[0]?.length === 2 &&
          parts[3] !== 'g1' &&
          (parts[0] === '00' ? parts.length === 4 : true)
        if (parseTraceparent(header) !== undefined) expect(fine && header.length >= 55).toBe(true)
        else if (header.length >= 55) expect(fine).toBe(false)
      }),
    )
  })
})

describe('tracestate', () => {
  it('goes with the trace when it is valid, unchanged', () => {
    expect(parseTraceparent(valid, 'rojo=00f067aa0ba902b7 , congo=t61')?.state).toBe('rojo=00f067aa0ba902b7 , congo=t61')
    expect(parseTraceparent(valid, 'UPPER=1')).toEqual({ traceId, spanId, flags: 1 })
    expect(parseTraceparent(valid, '')).toEqual({ traceId, spanId, flags: 1 })
  })

  it.each([
    ['an empty member', 'a=1,,b=2, ,', { a: '1', b: '2' }],
    ['a tenant', 'fw529a3039@dt=FfIBCQQ', { 'fw529a3039@dt': 'FfIBCQQ' }],
    ['a tenant that begins with a digit', '1a@dt=1', { '1a@dt': '1' }],
    ['blanks within and in front of the value', 'a= b c', { a: ' b c' }],
    ['tabs around a member', 'a=1\t,\tb=2', { a: '1', b: '2' }],
  ])('may have %s', (_, header, members) => {
    expect(Object.fromEntries(parseTracestate(header) ?? [])).toEqual(members)
  })

  it.each([
    ['a key twice', 'a=1,a=2'],
    ['no equals sign', 'a'],
    ['two equals signs', 'a=1=2'],
    ['no key', '=1'],
    ['no value', 'a='],
    ['a key that begins with a digit', '1a=1'],
    ['a blank before the equals sign', 'a =1'],
    ['two at signs', 'a@b@c=1'],
    ['a tenant of 242', `${'t'.repeat(242)}@s=1`],
    ['a system of 15', `t@${'s'.repeat(15)}=1`],
    ['a key of 257', `${'k'.repeat(257)}=1`],
    ['a value of 257', `k=${'v'.repeat(257)}`],
    ['a letter beyond ASCII', 'a=ü'],
    ['a control character', 'a=b\u0001'],
    ['33 members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
  ])('with %s is invalid', (_, header) => {
    expect(parseTracestate(header)).toBeUndefined()
  })

  it('survives writing and reading', () => {
    const key = fc.stringMatching(/^[a-z][_0-9a-z\-*/]{0,20}(@[a-z][_0-9a-z]{0,10})?$/)
    const value = fc.stringMatching(/^[ !-+\--<>-~]{0,30}[!-+\--<>-~]$/)
    const members = fc.uniqueArray(fc.tuple(key, value), { maxLength: 32, selector: ([name]) => name })
    fc.assert(
      fc.property(members, (given) => {
        expect([...(parseTracestate(formatTracestate(new Map(given))) ?? [])]).toEqual(given)
      }),
    )
  })
})

describe('ids', () => {
  it('are lower-case hex of the right length, and differ', () => {
    const traces = new Set(Array.from({ length: 5_000 }, newTraceId))
    const spans = new Set(Array.from({ length: 5_000 }, newSpanId))
    expect([traces.size, spans.size]).toEqual([5_000, 5_000])
    for (const id of traces) expect(id).toMatch(/^[0-9a-f]{32}$/)
    for (const id of spans) expect(id).toMatch(/^[0-9a-f]{16}$/)
  })
})
