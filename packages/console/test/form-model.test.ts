import { describe, expect, it } from 'vitest'
import {
  alternativeOf,
  alternatives,
  initialValue,
  kindOfField,
  problemsOf,
  resolved,
  type Schema,
} from '../src/components/form/form-model.ts'

const order: Schema = {
  type: 'object',
  properties: {
    email: { type: 'string', format: 'email', minLength: 3, pattern: '@' },
    items: { type: 'array', minItems: 1, items: { $ref: '#/$defs/Item' } },
    note: { type: 'string' },
    express: { type: 'boolean', default: false },
    due: { type: 'string', format: 'date-time' },
    size: { enum: ['s', 'm'] },
  },
  required: ['email', 'items'],
  $defs: {
    Item: {
      type: 'object',
      properties: { product: { type: 'string', minLength: 1 }, quantity: { type: 'integer', minimum: 1, maximum: 99, default: 1 } },
      required: ['product', 'quantity'],
    },
  },
}

const problems = (value: unknown, schema: Schema = order) => Object.fromEntries(problemsOf(value, schema, { root: schema }))

describe('forms from JSON Schema', () => {
  it('start with what is required, and with defaults', () => {
    expect(initialValue(order, order)).toEqual({ email: '', items: [{ product: '', quantity: 1 }], express: false })
  })

  it('know how each field is entered', () => {
    const kinds = Object.values(order.properties ?? {}).map((schema) => kindOfField(resolved(schema, order)))
    expect(kinds).toEqual(['text', 'array', 'text', 'boolean', 'date-time', 'choice'])
    expect(kindOfField({ type: ['integer', 'null'] })).toBe('number')
    expect(kindOfField({ type: 'object', additionalProperties: { type: 'string' } })).toBe('json')
    expect(kindOfField({})).toBe('json')
  })

  it('say what is wrong, and where', () => {
    expect(problems({ email: 'a', items: [{ product: 'sencha', quantity: 0.5 }], size: 'xl' })).toEqual({
      '/email': 'Needs at least 3 characters.',
      '/items/0/quantity': 'Has to be a whole number.',
      '/size': 'Choose one of the values.',
    })
    expect(problems({ items: [] })).toEqual({ '/email': 'Is required.', '/items': 'Needs at least 1.' })
    expect(problems({ email: 'a@b', items: [{ product: 'sencha', quantity: 2 }] })).toEqual({})
    expect(problems('text')).toEqual({ '': 'Has to be an object.' })
  })

  it('leave patterns that the browser does not understand to the application', () =>
    expect(problems('x', { type: 'string', pattern: '(' })).toEqual({}))

  it('choose among alternatives by what a value has', () => {
    const schema: Schema = {
      oneOf: [
        {
          type: 'object',
          properties: { kind: { const: 'card' }, number: { type: 'string', minLength: 12 } },
          required: ['kind', 'number'],
        },
        { type: 'object', properties: { kind: { const: 'cash' } }, required: ['kind'] },
        { type: 'null' },
      ],
    }
    const options = alternatives(schema, schema)
    expect(options).toHaveLength(2)
    expect(alternativeOf({ kind: 'cash' }, options, schema)).toBe(1)
    expect(alternativeOf({ kind: 'card', number: '' }, options, schema)).toBe(0)
    expect(initialValue(schema, schema)).toEqual({ kind: 'card', number: '' })
  })

  it('end for schemas that contain themselves', () => {
    const tree: Schema = { type: 'object', properties: { child: { $ref: '#/$defs/tree' } }, required: ['child'], $defs: {} }
    const root: Schema = { ...tree, $defs: { tree } }
    expect(() => initialValue(root, root)).not.toThrow()
  })

  it('put together what allOf holds apart', () => {
    const schema: Schema = {
      allOf: [{ type: 'object', properties: { a: { type: 'string' } }, required: ['a'] }, { properties: { b: { type: 'number' } } }],
    }
    expect(Object.keys(resolved(schema, schema).properties ?? {})).toEqual(['a', 'b'])
    expect(problems({}, resolved(schema, schema))).toEqual({ '/a': 'Is required.' })
  })
})
