import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decode, encode, MessageError } from '../../src/message/index.ts'

/** What a value comes back as from a store, which keeps texts alone. */
function stored(value: unknown): unknown {
  const { json, hints } = encode(value)
  return decode(json, hints && (JSON.parse(JSON.stringify(hints)) as typeof hints))
}

const special = fc.oneof(
  fc.date({ noInvalidDate: true }),
  fc.bigInt(),
  fc.uint8Array({ maxLength: 20 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  fc.string({ unit: 'binary' }),
  fc.boolean(),
  fc.constant(null),
)
const name = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', '', '.', '\\', '"q"', 'a.b', '\\e', 'e', '0', 'toString'))
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'medium' }, special, fc.array(fc.oneof(tie('tree'), fc.constant(undefined))), tie('object')),
  object: fc
    .array(fc.tuple(name, tie('tree')), { maxLength: 5 })
    // Unlike a literal this makes own members of any name.
    .map((entries) => Object.fromEntries(entries) as object),
}))

/** The names of all members in this process so far, and of those in their hints. */
const met = new Set<string>()

/**
 * Whether `JSON.parse` reads a text as it is. V8 takes the text of a name for a name where it expects one (that of another object with the
 * same members before it) and the two are equal as far as the true name is long: `"\""` for `\`, `"a\"b"` for `a\"`. What it expects depends
 * on all objects of the process; no other names are ever misread. See https://github.com/nodejs/node/issues/63785.
 */
function isReadRight(json: string): boolean {
  const texts = [...json.matchAll(/"((?:[^"\\]|\\.)*)"(:?)/g)].filter(([, , colon]) => colon !== '').map(([, text = '']) => text)
  // By itself a text is always read right: only names are expected.
  const names = texts.map((text) => ({ text, name: JSON.parse(`"${text}"`) as string }))
  for (const { name } of names) met.add(name)
  return names.every(({ text, name }) => text.startsWith(name) || !met.has(text.slice(0, name.length)))
}

const storable = tree.filter((value) => {
  const { json, hints = {} } = encode(value)
  const right = [json, JSON.stringify(hints)].map(isReadRight)
  return !right.includes(false)
})

describe('the codec', () => {
  it('gives back what it was given, wherever dates, bigints and bytes are', () => {
    fc.assert(
      fc.property(storable, (value) => {
        // Vitest takes a member named constructor for the class.
        deepStrictEqual(stored(value), value)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves what it is given as it is', () => {
    fc.assert(
      fc.property(storable, (value) => {
        const before = structuredClone(value)
        encode(value)
        deepStrictEqual(value, before)
      }),
    )
  })

  it.for([
    ['an empty name above others', { '': { '': { a: 1n } } }],
    ['a name with dots and backslashes', { 'a.b\\.c': { '\\': new Date(0), '.': 2n } }],
    ['the name __proto__', JSON.parse('{ "__proto__": { "__proto__": "x" } }')],
    ['a list in a list', [[[1n], new Date(5)], [new Uint8Array([1])]]],
    ['undefined alone', undefined],
    ['undefined in a list', [undefined, null, [undefined]]],
    ['a date far away', new Date(8.64e15)],
    ['a part of a buffer', new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ] as const)('keeps %s', ([, value]) => {
    expect(stored(value)).toStrictEqual(value)
  })

  it('keeps a special value whose name is __proto__, and pollutes nothing', () => {
    const value = Object.fromEntries([['__proto__', 5n]]) as object
    const back = stored({ deep: value }) as { deep: object }
    expect(Object.entries(back.deep)).toStrictEqual([['__proto__', 5n]])
    expect(Object.getPrototypeOf(back.deep)).toBe(Object.prototype)
    expect(Object.getPrototypeOf({})).toBe(Object.getPrototypeOf(back))
  })

  it('writes plain JSON that others can read', () => {
    expect(encode({ at: new Date(0), total: 12n, bytes: new Uint8Array([255]), items: [{ price: 1n }], gone: undefined })).toEqual({
      json: '{"at":"1970-01-01T00:00:00.000Z","total":"12","bytes":"/w==","items":[{"price":"1"}]}',
      hints: { at: 'date', total: 'bigint', bytes: 'bytes', 'items.0.price': 'bigint' },
    })
    expect(encode({ plain: ['text', 1, true, null] }).hints).toBeUndefined()
  })

  it('reads hints that fit nothing any more without harm', () => {
    const hints = { 'a.b': 'date', gone: 'bigint', '__proto__.polluted': 'date', total: 'bigint', n: 'undefined' } as const
    expect(decode('{"a":5,"total":"twelve","n":0}', hints)).toEqual({ a: 5, total: 'twelve', n: 0 })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  it.for([
    ['a function', { a: { b: () => 1 } }, 'a.b is a function'],
    ['a symbol', [Symbol('x')], '0 is a symbol'],
    ['NaN', { total: NaN }, 'total is NaN'],
    ['an infinity', { list: [1, Infinity] }, 'list.1 is Infinity'],
    ['a map', { 'a.b': new Map() }, 'a\\.b is an instance of Map'],
    ['an instance', new (class Money {})(), 'The value is an instance of Money'],
    ['an invalid date', [new Date(NaN)], '0 is an invalid date'],
    ['a circle', circle, 'deeper than 200 levels, or a circle'],
  ] as const)('refuses %s, and says where it is', ([, value, message]) => {
    expect(() => encode(value)).toThrow(MessageError)
    expect(() => encode(value)).toThrow(message)
    expect(() => encode(value)).toThrow(expect.objectContaining({ code: 'TUTTI_CODEC_UNSUPPORTED' }))
  })
})
