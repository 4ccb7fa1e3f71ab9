import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { idTime, isId, newId } from '../../src/kernel/index.ts'

describe('newId', () => {
  afterEach(() => void vi.restoreAllMocks())

  it('makes UUIDs of version 7 with the variant of RFC 9562 and the present time', () => {
    const before = Date.now()
    const id = newId()
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(idTime(id)).toBeGreaterThanOrEqual(before)
    expect(idTime(id)).toBeLessThanOrEqual(Date.now())
  })

  it('sorts after the one before, whatever the clock does', () => {
    let last = newId()
    let now = Date.now()
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now)
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 50 }), (jumps) => {
        for (const jump of jumps) {
          now += jump
          const id = newId()
          if (!(id > last)) return false
          last = id
        }
        return true
      }),
    )
    clock.mockRestore()
  })

  it('keeps order and stays unique when a millisecond has more ids than its counter holds', () => {
    const now = Date.now() + 1000
    vi.spyOn(Date, 'now').mockReturnValue(now)
    let last = newId()
    let unordered = 0
    for (let i = 0; i < 2 ** 18 + 10; i++) {
      const id = newId()
      if (!(id > last)) unordered++
      last = id
    }
    expect(unordered).toBe(0)
    expect(isId(last)).toBe(true)
    expect(idTime(last)).toBeGreaterThan(now)
  })

  it('draws every random digit', () => {
    const seen = Array.from({ length: 14 }, () => new Set<string>())
    for (let i = 0; i < 2000; i++) {
      const digits = newId().slice(21).replace('-', '')
      seen.forEach((set, at) => set.add(digits[at] ?? ''))
    }
    expect(seen.map((set) => set.size)).toEqual(Array.from({ length: 14 }, () => 16))
  })
})

describe('isId and idTime', () => {
  it('refuse other versions, variants, cases and types', () => {
    const id = newId()
    const others = [
      id.toUpperCase(),
      `${id} `,
      id.slice(1),
      `${id.slice(0, 14)}4${id.slice(15)}`,
      id.replace(/-[89ab](?=...-.{12}$)/, '-c'),
      '',
      5,
      undefined,
      [id],
    ]
    expect(isId(id)).toBe(true)
    expect(others.map(isId)).toEqual(others.map(() => false))
    expect(() => idTime('nonsense')).toThrow(expect.objectContaining({ code: 'TUTTI_ID_INVALID' }))
  })

  it('read the example of RFC 9562', () => {
    expect(idTime('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')).toBe(Date.parse('2022-02-22T19:22:22Z'))
  })
})
