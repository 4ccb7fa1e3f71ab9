import { expect, it } from 'vitest'
import { compileValidator, isSchema, toJsonSchema, type JsonSchema } from '../../src/schema/index.ts'
import { jsonSchema } from 'tutti/json-schema'

const order: JsonSchema = {
  $id: 'https://example.org/order',
  type: 'object',
  properties: {
    id: { type: 'integer' },
    email: { type: 'string', format: 'email', 'x-secret': true },
    'a/b': { type: 'array', prefixItems: [{ type: 'string' }], items: false },
  },
  required: ['id', 'email'],
  additionalProperties: false,
}

it('is a schema that gives good values as they are', () => {
  const schema = jsonSchema<{ id: number }>(order)
  expect(isSchema(schema)).toBe(true)
  const value = { id: 1, email: 'ada@example.org' }
  expect(compileValidator(schema)(value)).toEqual({ ok: true, value })
})

it('finds all problems, with the keyword as code and paths that name missing properties', () => {
  const result = compileValidator(jsonSchema(order))({ id: 1.5, 'a/b': [1, 2], extra: true })
  if (result instanceof Promise || result.ok) throw new Error('expected problems at once')
  const found = result.problems.map(({ path, code }) => `${path} ${code}`).toSorted()
  expect(found).toEqual([' additionalProperties', 'a/b items', 'a/b.0 type', 'email required', 'id type'])
})

it('checks formats', () => {
  const validate = compileValidator(jsonSchema({ type: 'string', format: 'email' }))
  expect(validate('no')).toMatchObject({ ok: false, problems: [{ path: '', code: 'format' }] })
})

it('keeps results of one call apart from the next', () => {
  const validate = compileValidator(jsonSchema({ type: 'string' }))
  const first = validate(1)
  expect(validate('x')).toEqual({ ok: true, value: 'x' })
  expect(first).toMatchObject({ ok: false })
})

it('makes two schemas of one $id', () => {
  expect(() => [jsonSchema(order), jsonSchema({ ...order }), jsonSchema(order)]).not.toThrow()
})

it('describes itself', () => {
  expect(toJsonSchema(jsonSchema(order), 'output')).toEqual(order)
})

it('refuses what is not a JSON Schema', () => {
  const misspelt = { type: 'object' as const, propertys: {} }
  expect(() => jsonSchema(misspelt)).toThrow(/jsonSchema\(\) was given what is not a JSON Schema.*propertys/)
})
