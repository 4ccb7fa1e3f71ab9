import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { milliseconds } from '../../src/kernel/index.ts'

/** Passes what the compiler would refuse. */
const loosely: (value: unknown) => number = (value) => Reflect.apply(milliseconds, undefined, [value])

describe('milliseconds', () => {
  it.each([
    [0, 0],
    [1.5, 1.5],
    ['0ms', 0],
    ['250ms', 250],
    ['2s', 2000],
    ['1.5h', 5_400_000],
    ['5m', 300_000],
    ['3d', 259_200_000],
    ['1w', 604_800_000],
  ] as const)('reads %s', (duration, expected) => {
    expect(milliseconds(duration)).toBe(expected)
  })

  it.each([
    -1,
    Number.NaN,
    Infinity,
    '',
    's',
    '1',
    '-1s',
    '1 s',
    '1S',
    '1y',
    '.5s',
    '1.s',
    '1e3s',
    `${'9'.repeat(400)}s`,
    ['1s'],
    null,
    undefined,
    5n,
    {},
  ])('refuses %s', (value) => {
    expect(() => loosely(value)).toThrow(expect.objectContaining({ code: 'TUTTI_DURATION_INVALID' }))
  })

  it('never gives anything but a finite span, whatever the text', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          const span = loosely(value)
          return Number.isFinite(span) && span >= 0
        } catch (error) {
          return error instanceof Error && 'code' in error && error.code === 'TUTTI_DURATION_INVALID'
        }
      }),
    )
  })
})
