import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loop } from '../../src/schema/project-object.ts'
import { compileSerializer, type JsonSchema } from '../../src/schema/index.ts'

const key = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'toJSON', 'constructor', '0'), fc.string({ maxLength: 3 }))

const schemas = fc.letrec<{ schema: JsonSchema; object: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<JsonSchema>({ type: 'string' }, { type: 'number' }, { type: ['boolean', 'null'] }, {}),
    tie('object'),
    tie('schema').map((items) => ({ type: 'array' as const, items })),
    tie('object').map((object) => ({ anyOf: [object, { type: 'null' as const }] })),
    tie('schema').map((additionalProperties) => ({ type: 'object' as const, additionalProperties })),
  ),
  object: fc
    .record({ properties: fc.dictionary(key, tie('schema'), { maxKeys: 4 }), open: fc.boolean() })
    .map(({ properties, open }) => ({ type: 'object' as const, properties, additionalProperties: open })),
}))

const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(undefined, null, true, Number.NaN, -0),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.date(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: false }),
  ),
}))

/** The rules of compileSerializer as plainly as they can be said. */
function visible(value: unknown, schema: JsonSchema | boolean): unknown {
  if (value instanceof Date) return value.toJSON()
  if (typeof value !== 'object' || value === null || typeof schema === 'boolean') return value
  const part = schema.anyOf?.find((option) => typeof option === 'object' && option.type === 'object') ?? schema
  if (typeof part === 'boolean' || part.type === undefined) return value
  if (Array.isArray(value)) return part.type === 'array' ? value.map((item) => visible(item, part.items ?? true)) : []
  if (part.type !== 'object') return {}
  const { properties = {}, additionalProperties = false } = part
  const entries = Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
    const named = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    return named === undefined || named === false ? [] : [[name, visible(inner, named)]]
  })
  return Object.fromEntries(entries)
}

it('writes what a naive projection and JSON.stringify write', () => {
  fc.assert(
    fc.property(schemas.schema, values.value, (schema, value) => {
      const written = compileSerializer(schema)(value)
      const expected = JSON.stringify(visible(value, schema)) as string | undefined
      expect(JSON.parse(written)).toEqual(JSON.parse(expected ?? 'null'))
    }),
    { numRuns: 2000 },
  )
})

it('never shows a marked value outside of what the schema names', () => {
  fc.assert(
    fc.property(schemas.object, fc.dictionary(key, values.value), (schema, value) => {
      const closed: JsonSchema = { ...schema, additionalProperties: false }
      const marked = Object.fromEntries(
        Object.keys(value).map((name) => [name, Object.hasOwn(schema.properties ?? {}, name) ? 1 : 'secret']),
      )
      expect(compileSerializer(closed)(marked)).not.toContain('secret')
    }),
  )
})

it('writes the same with a loop', () => {
  const same = (value: unknown): unknown => value
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.dictionary(key, fc.jsonValue()), (names, value) => {
      fc.pre(!('toJSON' in value))
      const schema: JsonSchema = {
        type: 'object',
        properties: Object.fromEntries(names.map((name) => [name, {}])),
        additionalProperties: false,
      }
      const looped = loop(
        names.map((name) => ({ key: name, project: same, plain: undefined })),
        () => [],
      )
      expect(JSON.parse(JSON.stringify(looped(value)))).toEqual(JSON.parse(compileSerializer(schema)(value)))
    }),
  )
})

it('works where making code from strings is not allowed', () => {
  const source = new URL('../../src/schema/index.ts', import.meta.url).href
  const script = `
    import { compileSerializer } from ${JSON.stringify(source)}
    const schema = { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }
    process.stdout.write(compileSerializer(schema)({ a: 'x', b: 1 }))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(stdout).toBe('{"a":"x"}')
})
