import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bytes } from '../../src/kernel/index.ts'

/** Passes what the compiler would refuse. */
const loosely: (value: unknown) => number = (value) => Reflect.apply(bytes, undefined, [value])

describe('bytes', () => {
  it.each([
    [0, 0],
    [10.9, 10],
    ['1b', 1],
    ['64kb', 65_536],
    ['1.5mb', 1_572_864],
    ['1gb', 1_073_741_824],
  ] as const)('reads %s', (size, expected) => {
    expect(bytes(size)).toBe(expected)
  })

  it.each([-1, Number.NaN, Infinity, '', 'kb', '1', '1KB', '1 kb', '-1kb', '1tb', ['1kb'], null, undefined, 5n])('refuses %s', (value) => {
    expect(() => loosely(value)).toThrow(expect.objectContaining({ code: 'TUTTI_SIZE_INVALID' }))
  })

  it('reads whole numbers of every unit', () => {
    fc.assert(fc.property(fc.nat(1_000_000), (n) => bytes(`${n}kb`) === n * 1024 && bytes(`${n}mb`) === bytes(`${n * 1024}kb`)))
  })
})
