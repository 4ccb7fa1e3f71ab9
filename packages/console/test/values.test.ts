import { describe, expect, it } from 'vitest'
import { jsonDiff } from '../src/components/json-diff.ts'
import { jsonLines, searchJson } from '../src/components/json-lines.ts'
import { bytes, compact, inUnit, percent } from '../src/components/numbers.ts'
import { sparkline } from '../src/components/sparkline.ts'
import { drawnRange, nextSorting, sortedRows, type Column } from '../src/components/table-model.ts'
import { duration, relativeTime } from '../src/components/times.ts'

describe('times', () => {
  it.each([
    [0, 'now'],
    [5_000, '5 s ago'],
    [-5_000, 'in 5 s'],
    [3 * 60_000, '3 min ago'],
    [5 * 3_600_000, '5 h ago'],
    [50 * 3_600_000, '2 d ago'],
  ])('are told from now: %i ms', (ago, text) => expect(relativeTime(1e12 - ago, 1e12)).toBe(text))

  it.each([
    [0, '0 ms'],
    [0.0421, '42 µs'],
    [12.345, '12.3 ms'],
    [1_240, '1.24 s'],
    [125_000, '2 min 5 s'],
    [7_200_000, '2 h'],
  ])('are told as a length: %f ms', (time, text) => expect(duration(time)).toBe(text))
})

describe('numbers', () => {
  it('are short', () => {
    expect([compact(0.1234), compact(999), compact(12_345)]).toEqual(['0.123', '999', '12.3K'])
    expect([bytes(0), bytes(1536), bytes(182 * 2 ** 20)]).toEqual(['0 B', '1.5 KiB', '182 MiB'])
    expect([percent(0), percent(0.0123), percent(0.5)]).toEqual(['0%', '1.2%', '50%'])
    expect([inUnit(2048, 'By'), inUnit(0.2, 's'), inUnit(3, '{request}'), inUnit(3, undefined)]).toEqual(['2 KiB', '0.2 s', '3', '3'])
  })
})

describe('sparklines', () => {
  it('start at 0 and fill their box', () => {
    expect(sparkline([0, 10], { width: 100, height: 12 }).line).toBe('M0 11L100 1')
    expect(sparkline([0, 0], { width: 100, height: 12 }).line).toBe('M0 11L100 11')
    expect(sparkline([], { width: 100, height: 12 })).toEqual({ line: '', area: '' })
  })
})

describe('JSON', () => {
  const value = { id: 'o-1', items: [{ name: 'sencha', n: 2 }], none: {}, gone: null }
  const text = (depth: number) =>
    jsonLines(value, { depth, changed: new Map() }).map((line) => (line.key === undefined ? line.text : `${line.key}: ${line.text}`))

  it('has a line for each field and end', () =>
    expect(text(9)).toEqual(['{', 'id: "o-1"', 'items: [', '{', 'name: "sencha"', 'n: 2', '}', ']', 'none: {}', 'gone: null', '}']))

  it('says what is folded', () => expect(text(1)).toEqual(['{', 'id: "o-1"', 'items: [ 1 item ]', 'none: {}', 'gone: null', '}']))

  it('has lines with names of their own', () => {
    const paths = jsonLines(
      { 'a/b': [[], [1]], a: { b: 1, '': { '': [2], '~': {} } }, '': 3, '~': [4] },
      { depth: 9, changed: new Map() },
    ).map(({ path }) => path)
    expect(new Set(paths).size).toBe(paths.length)
  })

  it('is searched below what is folded', () => {
    const { found, open } = searchJson(value, 'SENCHA')
    expect([...found]).toEqual(['/items/0/name'])
    expect([...open].toSorted()).toEqual(['', '/items', '/items/0'])
  })

  it('is compared place by place', () => {
    expect(jsonDiff(value, { ...value, id: 'o-2', items: [{ name: 'sencha', n: 3 }, 1], none: undefined })).toEqual([
      { path: '/id', kind: 'changed', before: 'o-1', after: 'o-2' },
      { path: '/items/0/n', kind: 'changed', before: 2, after: 3 },
      { path: '/items/1', kind: 'added', before: undefined, after: 1 },
      { path: '/none', kind: 'changed', before: {}, after: undefined },
    ])
    expect(jsonDiff({ a: 1 }, {})).toEqual([{ path: '/a', kind: 'removed', before: 1, after: undefined }])
    expect(jsonDiff(value, structuredClone(value))).toEqual([])
    expect(jsonDiff([1], { 0: 1 })).toEqual([{ path: '', kind: 'changed', before: [1], after: { 0: 1 } }])
  })
})

describe('tables', () => {
  const columns: readonly Column<{ readonly n: number | undefined; readonly name: string }>[] = [
    { key: 'n', title: 'N', value: ({ n }) => n },
    { key: 'name', title: 'Name', value: ({ name }) => name },
  ]
  const rows = [
    { n: 10, name: 'b' },
    { n: undefined, name: 'a' },
    { n: 9, name: 'c' },
  ]

  it('sort numbers as numbers, and put what has no value last', () => {
    const order = (descending: boolean) => sortedRows(rows, columns, { key: 'n', descending }).map(({ name }) => name)
    expect(order(false)).toEqual(['c', 'b', 'a'])
    expect(order(true)).toEqual(['b', 'c', 'a'])
    expect(sortedRows(rows, columns, undefined)).toBe(rows)
  })

  it('go through up, down and as it came', () => {
    const up = nextSorting(undefined, 'n')
    const down = nextSorting(up, 'n')
    expect([up, down, nextSorting(down, 'n'), nextSorting(down, 'name')]).toEqual([
      { key: 'n', descending: false },
      { key: 'n', descending: true },
      undefined,
      { key: 'name', descending: false },
    ])
  })

  it('draw only what is in sight', () => {
    expect(drawnRange({ top: 0, height: 720, rowHeight: 36, count: 100_000 })).toEqual({ from: 0, to: 28 })
    expect(drawnRange({ top: 1_800_000, height: 720, rowHeight: 36, count: 100_000 })).toEqual({ from: 49_992, to: 50_028 })
    expect(drawnRange({ top: 9_999, height: 720, rowHeight: 36, count: 3 })).toEqual({ from: 3, to: 3 })
  })
})
