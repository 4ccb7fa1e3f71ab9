import { describe, expect, it } from 'vitest'
import { type } from 'arktype'
import * as z from 'zod'
import { compileSerializer, toJsonSchema, type JsonSchema, type Schema } from '../../src/schema/index.ts'

const serialize = (schema: Schema, value: unknown): unknown => JSON.parse(compileSerializer(toJsonSchema(schema, 'output'))(value))

describe('what the schema does not name is left out', () => {
  it('of objects, however deep', () => {
    const schema = z.object({ id: z.number(), owner: z.object({ name: z.string() }), tags: z.array(z.object({ tag: z.string() })) })
    const value = { id: 1, secret: 1, owner: { name: 'Ada', hash: 'x' }, tags: [{ tag: 'a', weight: 2 }] }
    expect(serialize(schema, value)).toEqual({ id: 1, owner: { name: 'Ada' }, tags: [{ tag: 'a' }] })
  })

  it('of objects and lists where there should be none', () => {
    const schema = z.object({ name: z.string(), tags: z.array(z.string()), owner: z.object({ id: z.number() }) })
    const value = { name: { hash: 'x' }, tags: ['a', { hash: 'x' }], owner: [{ hash: 'x' }] }
    expect(serialize(schema, value)).toEqual({ name: {}, tags: ['a', {}], owner: [] })
  })

  it('of nullable, optional and record parts', () => {
    const User = z.object({ id: z.number() })
    const schema = z.object({ a: User.nullable(), b: User.optional(), c: z.record(z.string(), User) })
    const value = { a: { id: 1, x: 1 }, b: undefined, c: { k: { id: 2, x: 1 } } }
    expect(serialize(schema, value)).toEqual({ a: { id: 1 }, c: { k: { id: 2 } } })
    expect(serialize(schema, { a: null, b: { id: 3, x: 1 }, c: {} })).toEqual({ a: null, b: { id: 3 }, c: {} })
  })

  it('of tuples', () => {
    const schema = z.tuple([z.object({ a: z.string() }), z.string()])
    expect(serialize(schema, [{ a: 'x', b: 1 }, 'y', { c: 1 }])).toEqual([{ a: 'x' }, 'y'])
    const rest = z.tuple([z.string()]).rest(z.object({ a: z.string() }))
    expect(serialize(rest, ['y', { a: 'x', b: 1 }])).toEqual(['y', { a: 'x' }])
  })

  it('of intersections', () => {
    const schema = z
      .object({ a: z.string() })
      .and(z.discriminatedUnion('k', [z.object({ k: z.literal('x'), b: z.string() }), z.object({ k: z.literal('y') })]))
    expect(serialize(schema, { a: '1', k: 'x', b: '2', c: '3' })).toEqual({ a: '1', k: 'x', b: '2' })
    expect(serialize(schema, { a: '1', k: 'y', b: '2', c: '3' })).toEqual({ a: '1', k: 'y' })
  })

  it('of recursive schemas', () => {
    const Node = z.object({
      name: z.string(),
      get children() {
        return z.array(Node).optional()
      },
    })
    const value = { name: 'a', x: 1, children: [{ name: 'b', x: 2, children: [{ name: 'c', x: 3 }] }] }
    expect(serialize(Node, value)).toEqual({ name: 'a', children: [{ name: 'b', children: [{ name: 'c' }] }] })
    expect(serialize(z.object({ root: Node }), { root: value })).toEqual({
      root: { name: 'a', children: [{ name: 'b', children: [{ name: 'c' }] }] },
    })
  })

  it('of intersections of recursive schemas', () => {
    const child = { $ref: '#/$defs/node' }
    const node: JsonSchema = {
      allOf: [
        { type: 'object', properties: { a: { type: 'string' }, child } },
        { type: 'object', properties: { b: { type: 'string' }, child: { ...child } } },
      ],
    }
    const value = { a: '1', c: 1, child: { b: '2', c: 1, child: { a: '3', c: 1 } } }
    expect(compileSerializer({ ...child, $defs: { node } })(value)).toBe('{"a":"1","child":{"child":{"a":"3"},"b":"2"}}')
  })

  it('of arktype schemas', () => {
    const schema = type({ a: 'string', 'b?': type({ when: 'Date' }).or('null') })
    expect(serialize(schema, { a: 'x', z: 1, b: { when: new Date(0), z: 1 } })).toEqual({ a: 'x', b: { when: '1970-01-01T00:00:00.000Z' } })
  })
})

describe('what the schema leaves open is kept', () => {
  it('in loose objects', () => {
    expect(serialize(z.looseObject({ a: z.object({ b: z.string() }) }), { q: { r: 1 }, a: { b: 'x', c: 1 } })).toEqual({
      q: { r: 1 },
      a: { b: 'x' },
    })
  })

  it.each<JsonSchema>([{}, { type: 'object' }, { type: 'object', additionalProperties: true }, { $ref: 'https://example.org/elsewhere' }])(
    '%o',
    (schema) => {
      expect(compileSerializer({ type: 'object', properties: { a: schema } })({ a: { b: [1] } })).toBe('{"a":{"b":[1]}}')
    },
  )

  it('by pattern', () => {
    const schema: JsonSchema = { type: 'object', patternProperties: { '^x-': { type: 'string' } }, additionalProperties: false }
    expect(compileSerializer(schema)({ 'x-a': '1', b: '2' })).toBe('{"x-a":"1"}')
  })
})

describe('unions', () => {
  const Cat = z.object({ kind: z.literal('cat'), lives: z.number() })
  const Dog = z.object({ kind: z.enum(['dog', 'wolf']), owner: z.object({ name: z.string() }) })

  it('are told apart by a constant', () => {
    for (const schema of [z.discriminatedUnion('kind', [Cat, Dog]), z.union([Cat, Dog, z.null()])]) {
      expect(serialize(schema, { kind: 'cat', lives: 9, owner: { name: 'x' } })).toEqual({ kind: 'cat', lives: 9 })
      expect(serialize(schema, { kind: 'wolf', lives: 9, owner: { name: 'x', hash: 1 } })).toEqual({ kind: 'wolf', owner: { name: 'x' } })
    }
  })

  it('show what any option names where the constant is unknown', () => {
    const value = { kind: 'cow', lives: 1, owner: { name: 'x', hash: 1 }, secret: 1 }
    expect(serialize(z.discriminatedUnion('kind', [Cat, Dog]), value)).toEqual({ kind: 'cow', lives: 1, owner: { name: 'x' } })
  })

  it('with constants beside objects do not let objects through', () => {
    const schema: JsonSchema = {
      anyOf: [{ const: 'none' }, { enum: ['all', null] }, { type: 'object', properties: { a: { type: 'string' } } }],
    }
    expect(compileSerializer(schema)({ a: 'x', b: 1 })).toBe('{"a":"x"}')
    expect(compileSerializer(schema)('none')).toBe('"none"')
  })

  it('are told apart by structure', () => {
    const schema = z.union([
      z.object({ a: z.string() }),
      z.object({ a: z.string(), b: z.number() }),
      z.array(z.object({ c: z.string() })),
      z.string(),
    ])
    expect(serialize(schema, { a: 'x', b: 1 })).toEqual({ a: 'x', b: 1 })
    expect(serialize(schema, { a: 'x', z: 1 })).toEqual({ a: 'x' })
    expect(serialize(schema, [{ c: 'x', d: 1 }])).toEqual([{ c: 'x' }])
    expect(serialize(schema, 'text')).toBe('text')
  })
})

describe('as JSON.stringify does', () => {
  const schema = z.object({ n: z.number(), when: z.date(), s: z.string(), list: z.array(z.number().optional()) })

  it('writes what JSON has no word for', () => {
    const value = { n: Number.NaN, when: new Date(0), s: '"\u2028\ud800\n', list: [undefined, Infinity, 1] }
    expect(compileSerializer(toJsonSchema(schema, 'output'))(value)).toBe(JSON.stringify(value))
    expect(compileSerializer(toJsonSchema(z.string(), 'output'))(undefined)).toBe('null')
  })

  it('honours toJSON, and then leaves out', () => {
    class Account {
      readonly id = 1
      toJSON(): unknown {
        return { id: this.id, hash: 'x', s: 's' }
      }
    }
    expect(serialize(z.object({ id: z.number() }), new Account())).toEqual({ id: 1 })
    expect(serialize(z.object({ url: z.string() }), { url: new URL('http://example.org/') })).toEqual({ url: 'http://example.org/' })
  })

  it('writes without a schema', () => {
    expect(compileSerializer(undefined)({ a: [1] })).toBe('{"a":[1]}')
  })
})

it('takes any property name, and makes no code of it', () => {
  const keys = ['__proto__', 'constructor', 'a"b', "'];process.exit(1);['", '\\', '\u2028', '${1}', '', '0', 'toString']
  const properties = Object.fromEntries(keys.map((key) => [key, { type: 'string' as const }]))
  for (const names of [keys, keys.slice(1)]) {
    const own = Object.fromEntries(names.map((key) => [key, 'x']))
    const schema: JsonSchema = {
      type: 'object',
      properties: Object.fromEntries(names.map((key) => [key, properties[key] ?? {}])),
      additionalProperties: false,
    }
    expect(JSON.parse(compileSerializer(schema)({ ...own, other: 1 }))).toEqual(JSON.parse(JSON.stringify(own)))
    expect(compileSerializer(schema)({})).toBe('{}')
  }
})

describe('what cannot be written', () => {
  const Node = z.object({
    name: z.string(),
    get next() {
      return Node.optional()
    },
  })

  it('is named: bigint', () => {
    expect(() => serialize(z.object({ a: z.array(z.any()) }), { a: [1, { b: 1n }] })).toThrow(
      expect.objectContaining({ code: 'TUTTI_SERIALIZE_FAILED', message: expect.stringMatching(/^The value at a\.1\.b is a bigint/) }),
    )
  })

  it('is named: a circle', () => {
    const value: { name: string; next?: unknown } = { name: 'a' }
    value.next = value
    for (const schema of [toJsonSchema(Node, 'output'), undefined]) {
      expect(() => compileSerializer(schema)(value)).toThrow(
        expect.objectContaining({ code: 'TUTTI_SERIALIZE_FAILED', message: expect.stringMatching(/^The value at next contains itself/) }),
      )
    }
  })

  it('passes on what a toJSON throws', () => {
    const fault = new Error('mine')
    const value = {
      toJSON: () => {
        throw fault
      },
    }
    expect(() => compileSerializer({ type: 'object', properties: { a: { type: 'string' } } })({ a: value })).toThrow(fault)
  })
})
