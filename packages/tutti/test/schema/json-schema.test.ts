import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { toJsonSchema, type Schema } from '../../src/schema/index.ts'

const date = { type: 'string', format: 'date-time' }

describe('zod', () => {
  it('describes what it takes and what it gives', () => {
    const schema = z.object({ page: z.string().default('1').transform(Number), name: z.string().max(9) })
    expect(toJsonSchema(schema, 'input')).toMatchObject({
      type: 'object',
      properties: { page: { type: 'string', default: '1' }, name: { type: 'string', maxLength: 9 } },
      required: ['name'],
    })
    expect(toJsonSchema(schema, 'output')).toMatchObject({ required: ['page', 'name'], additionalProperties: false })
  })

  it.each([
    ['date', z.date(), date],
    ['coerced date', z.coerce.date(), date],
    ['bigint', z.bigint(), {}],
    ['symbol', z.symbol(), {}],
    ['undefined', z.undefined(), {}],
    ['void', z.void(), {}],
    ['map', z.map(z.string(), z.string()), {}],
    ['set', z.set(z.string()), {}],
    ['nan', z.nan(), {}],
    ['custom', z.custom(() => true), {}],
    ['instance', z.instanceof(URL), {}],
    ['bigint literal', z.literal(1n), {}],
    ['file', z.file(), { type: 'string', format: 'binary' }],
    ['codec', z.codec(z.string(), z.date(), { decode: (text) => new Date(text), encode: (when) => when.toISOString() }), date],
  ])('does not throw over a %s', (_, schema, expected) => {
    expect(toJsonSchema(z.object({ it: schema }), 'output')?.properties?.['it']).toMatchObject(expected)
    expect(toJsonSchema(z.object({ it: schema }), 'input')?.properties).toHaveProperty('it')
  })

  it('says so when a schema contradicts itself', () => {
    const schema = z.object({ a: z.string().meta({ id: 'Same' }), b: z.number().meta({ id: 'Same' }) })
    expect(() => toJsonSchema(schema, 'output')).toThrow(/zod schema cannot be turned into JSON Schema: .*Same/)
  })
})

it('arktype describes itself, dates and transforms included', () => {
  const schema = type({ when: 'Date', 'n?': type('string').pipe(Number), big: 'bigint', list: 'string[]' })
  expect(toJsonSchema(schema, 'output')).toMatchObject({
    type: 'object',
    properties: { when: date, n: {}, big: {}, list: { type: 'array', items: { type: 'string' } } },
  })
  expect(toJsonSchema(schema, 'input')?.properties?.['n']).toEqual({ type: 'string' })
})

it('valibot describes itself through its own package', () => {
  const schema = v.object({ name: v.string() })
  expect(toJsonSchema(schema, 'input')).toBeUndefined()
  expect(toJsonSchema(toStandardJsonSchema(schema), 'input')).toMatchObject({ type: 'object', properties: { name: { type: 'string' } } })
})

it('gives undefined for a library that cannot describe a schema', () => {
  const refuse = (): never => {
    throw new Error('cannot')
  }
  const standard = { version: 1, vendor: 'other', validate: (value: unknown) => ({ value }), jsonSchema: { input: refuse, output: refuse } }
  const schema: Schema = { '~standard': { ...standard, version: 1 } }
  expect(toJsonSchema(schema, 'input')).toBeUndefined()
})
