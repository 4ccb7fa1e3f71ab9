import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatBaggage, parseBaggage } from '../../src/observe/index.ts'

describe('baggage', () => {
  it('is read with blanks around everything, escapes and properties', () => {
    expect([...(parseBaggage(' a=1 ,b = J%C3%BCrgen ; secret;ttl=5,c=x=y') ?? [])]).toEqual([
      ['a', { value: '1' }],
      ['b', { value: 'Jürgen', properties: 'secret;ttl=5' }],
      ['c', { value: 'x=y' }],
    ])
  })

  it('is left out where it is none', () => {
    expect(parseBaggage('')).toBeUndefined()
    expect(parseBaggage('nothing, =1, a b=1, x="quoted"')).toBeUndefined()
    expect([...(parseBaggage('broken="x",whole=1') ?? [])]).toEqual([['whole', { value: '1' }]])
    expect(parseBaggage('latin=%E4')?.get('latin')).toEqual({ value: '\uFFFD' })
  })

  it('is passed on up to 64 members and 8192 bytes', () => {
    const many = Array.from({ length: 100 }, (_, i) => `k${i}=v`).join(',')
    expect(parseBaggage(many)?.size).toBe(64)
    const long = Array.from({ length: 10 }, (_, i) => `k${i}=${'v'.repeat(1_000)}`).join(',')
    expect(parseBaggage(long)?.size).toBe(8)
    const header = formatBaggage(new Map(Array.from({ length: 100 }, (_, i) => [`k${i}`, { value: 'ü'.repeat(100) }])))
    expect(header.length).toBeLessThanOrEqual(8192)
    expect(parseBaggage(header)?.size).toBe(13)
  })

  it('is read as it was written, whatever its values are', () => {
    const keys = fc.stringMatching(/^[!#$%&'*+\-.^_`|~\da-z]{1,20}$/)
    const values = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => text.isWellFormed())
    const entries = fc.uniqueArray(fc.tuple(keys, values), { selector: ([key]) => key, minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(entries, (given) => {
        const baggage = new Map(given.map(([key, value]) => [key, { value }]))
        expect(parseBaggage(formatBaggage(baggage))).toEqual(baggage)
      }),
    )
  })
})
