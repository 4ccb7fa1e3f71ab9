import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCookies, serializeCookie, unsignCookie } from '../../src/http/cookies.ts'
import { parseQuery } from '../../src/http/query.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 20 })
const queryText = fc.string({
  unit: fc.constantFrom('a', 'b', '=', '&', '+', '%', '2', '5', 'F', 'f', '%20', '%E4', '%F0%9F%98%80', 'é', '😀', '__proto__', '\ud800'),
  maxLength: 30,
})

function grouped(text: string): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  // A leading question mark is the one thing that URLSearchParams treats in its own way.
  for (const [name, value] of new URLSearchParams(`?${text}`)) groups.set(name, [...(groups.get(name) ?? []), value])
  return groups
}

describe('parseQuery', () => {
  it('reads what URLSearchParams reads, grouped by name', () => {
    fc.assert(
      fc.property(fc.oneof(queryText, anyText), (text) => {
        const parsed = new Map(Object.entries(parseQuery(text)).map(([name, value]) => [name, typeof value === 'string' ? [value] : value]))
        expect(parsed).toEqual(grouped(text))
      }),
      { numRuns: 2000 },
    )
  })

  it('reads back what was written', () => {
    const value = fc.string({ unit: 'grapheme', maxLength: 10 })
    fc.assert(
      fc.property(fc.dictionary(value, fc.array(value, { minLength: 1, maxLength: 3 })), (values) => {
        const text = new URLSearchParams(Object.entries(values).flatMap(([name, items]) => items.map((item) => [name, item]))).toString()
        for (const [name, items] of Object.entries(values)) expect(parseQuery(text)[name]).toEqual(items.length === 1 ? items[0] : items)
      }),
    )
  })

  it('never touches prototypes', () => {
    const values = parseQuery('__proto__=x&constructor=y&__proto__=z')
    expect(Object.getOwnPropertyNames(values)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })
})

describe('cookies', () => {
  const name = fc.string({ unit: fc.constantFrom(...'abcXYZ019!#$&-^_`|~.'), minLength: 1, maxLength: 12 })

  it('read back what was written, whatever the value', () => {
    fc.assert(
      fc.property(name, fc.string({ unit: 'grapheme' }), (key, value) => {
        const [pair = ''] = serializeCookie(key, value).split('; ')
        expect(parseCookies(`first=1; ${pair}; last=2`)[key]).toBe(key === 'first' ? '1' : value)
      }),
    )
  })

  it('read back what was signed, by any of the keys, under its own name alone', () => {
    fc.assert(
      fc.property(name, fc.string({ unit: 'grapheme' }), (key, value) => {
        const [pair = ''] = serializeCookie(key, value, { signed: true, keys: ['old'] }).split('; ')
        const received = parseCookies(pair)[key]
        expect(unsignCookie(key, received, ['new', 'old'])).toBe(value)
        expect(unsignCookie(key, received, ['new'])).toBeUndefined()
        expect(unsignCookie(`${key}x`, received, ['old'])).toBeUndefined()
        expect(unsignCookie(key, `x${received}`, ['old'])).toBeUndefined()
      }),
    )
  })

  it('are parsed like the naive reading of the header', () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '=', ' ', '"', '%', '%20', 'é'), maxLength: 8 })
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const expected = new Map<string, string>()
        for (const text of parts) {
          const [key = '', ...rest] = text.split('=')
          if (rest.length === 0 || key.trim() === '' || expected.has(key.trim())) continue
          const raw = rest.join('=').trim()
          const bare = /^".*"$/.test(raw) && raw.length > 1 ? raw.slice(1, -1) : raw
          let value = bare
          try {
            value = decodeURIComponent(bare)
          } catch {}
          expected.set(key.trim(), value)
        }
        expect(new Map(Object.entries(parseCookies(parts.join(';'))))).toEqual(expected)
      }),
    )
  })
})
