import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HeldState } from '../../src/events/held-state.ts'
import { roughSize } from '../../src/events/rough-size.ts'
import { StateCache } from '../../src/events/state-cache.ts'
import { counter } from './counter.ts'

const { Counter } = counter()
const held = (stream: string, version: number, sum: unknown = 0): HeldState => ({
  aggregate: Counter as never,
  stream,
  state: { sum },
  version,
  position: version,
  eventId: '',
})

describe('the cache of states', () => {
  it('keeps those that were used last', () => {
    const cache = new StateCache({ entries: 2 })
    cache.put(held('a', 1))
    cache.put(held('b', 1))
    cache.get(Counter, 'a')
    cache.put(held('c', 1))
    expect(['a', 'b', 'c'].map((stream) => cache.get(Counter, stream)?.stream)).toEqual(['a', undefined, 'c'])
  })

  it('never goes back', () => {
    const cache = new StateCache()
    cache.put(held('a', 2))
    cache.put(held('a', 1))
    expect(cache.get(Counter, 'a')?.version).toBe(2)
    cache.drop('a')
    cache.put(held('a', 1))
    expect(cache.get(Counter, 'a')?.version).toBe(1)
  })

  it('tells definitions of the same name apart', () => {
    const cache = new StateCache()
    cache.put(held('a', 1))
    expect(cache.get(counter().Counter, 'a')).toBeUndefined()
  })

  it('stays within its size, and counts right', () => {
    const put = fc.record({
      stream: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      version: fc.integer({ min: 1, max: 99 }),
      size: fc.integer({ min: 0, max: 6000 }),
    })
    fc.assert(
      fc.property(fc.array(put), (puts) => {
        const cache = new StateCache({ size: 10_000, entries: 4 })
        for (const { stream, version, size } of puts) {
          cache.put(held(stream, version, 'x'.repeat(size)))
          expect(cache.size).toBeLessThanOrEqual(10_000)
          expect(cache.count).toBeLessThanOrEqual(4)
        }
        for (const stream of 'abcde') cache.drop(stream)
        expect([cache.size, cache.count]).toEqual([0, 0])
      }),
    )
  })

  it('does not keep what alone is too large, nor an older state in its place', () => {
    const cache = new StateCache({ size: 1000 })
    cache.put(held('a', 1))
    cache.put(held('a', 100, 'x'.repeat(5000)))
    expect(cache.get(Counter, 'a')).toBeUndefined()
  })

  it('refuses sizes that make no sense', () => {
    expect(() => new StateCache({ entries: 0 })).toThrow(expect.objectContaining({ code: 'TUTTI_OPTION_INVALID' }))
    expect(() => new StateCache({ size: 'big' as never })).toThrow(expect.objectContaining({ code: 'TUTTI_SIZE_INVALID' }))
  })
})

describe('the rough size of a value', () => {
  it('grows with what is in it, and ends', () => {
    const large = Array.from({ length: 100_000 }, (_, i) => ({ id: `item-${i}`, tags: ['a', 'b'] }))
    expect(roughSize(large)).toBeGreaterThan(100_000 * 100)
    expect(roughSize(new Uint8Array(5000))).toBeGreaterThan(5000)
    expect(roughSize(new Map([['a', 'x'.repeat(900)]]))).toBeGreaterThan(900)
    const circle: { self?: unknown } = {}
    circle.self = circle
    expect(roughSize(circle)).toBeGreaterThan(0)
    expect(roughSize(null)).toBe(8)
  })
})
