import { toStandardJsonSchema } from '@valibot/to-json-schema'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { App } from '../../../src/index.ts'
import type { JsonSchema, Schema } from '../../../src/schema/index.ts'
import { jsonSchema } from '../../../src/schema/json-schema-validator.ts'
import { documentOf } from './valid-document.ts'

async function described(
  schema: Schema,
): Promise<{ body: JsonSchema | undefined; answer: JsonSchema | undefined; schemas: Readonly<Record<string, JsonSchema>> }> {
  const app = new App({ name: 't', log: { level: 'silent' } }).post(
    '/things',
    { body: schema, response: { 200: schema } },
    () => undefined as never,
  )
  const document = await documentOf(app)
  const operation = document.paths['/things']?.post
  const ok = operation?.responses['200']
  return {
    body: operation?.requestBody?.content['application/json']?.schema,
    answer: ok !== undefined && 'content' in ok ? ok.content?.['application/json']?.schema : undefined,
    schemas: document.components?.schemas ?? {},
  }
}

/** A library that speaks the standard, with a description of its own. */
function handMade(input: object, output = input): Schema {
  const jsonSchema = { input: () => input, output: () => output }
  return { '~standard': { version: 1, vendor: 'hand', validate: (value: unknown) => ({ value }), jsonSchema } } as Schema
}

/** The schemas that a schema refers to. */
function reached(schema: JsonSchema, schemas: Readonly<Record<string, JsonSchema>>): readonly (JsonSchema | undefined)[] {
  return [...JSON.stringify(schema).matchAll(/components\/schemas\/(\w+)/g)].map(([, name = '']) => schemas[name])
}

const wanted: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } } },
  required: ['name', 'tags'],
}

describe('schemas of every library are described', () => {
  it.each([
    ['zod', z.object({ name: z.string(), tags: z.array(z.string()) })],
    ['valibot', toStandardJsonSchema(v.object({ name: v.string(), tags: v.array(v.string()) }))],
    ['arktype', type({ name: 'string', tags: 'string[]' })],
    ['JSON Schema', jsonSchema(wanted)],
    ['another', handMade({ ...wanted, $schema: 'https://json-schema.org/draft/2020-12/schema' })],
  ])('%s', async (_, schema) => {
    const { body, answer } = await described(schema)
    expect(body).toEqual(wanted)
    expect(answer).toEqual(wanted)
  })

  it('recursive ones of zod, valibot and arktype', async () => {
    interface Node {
      kids: Node[]
    }
    const Valibot: v.GenericSchema<Node> = v.object({ kids: v.array(v.lazy(() => Valibot)) })
    const Zod = z.object({
      get kids() {
        return z.array(Zod)
      },
    })
    const { Ark } = type.module({ Ark: { kids: 'Ark[]' } })
    for (const schema of [Zod, toStandardJsonSchema(Valibot), Ark]) {
      const { schemas } = await described(schema)
      const recursive = Object.entries(schemas).filter(([name, part]) =>
        JSON.stringify([part, ...reached(part, schemas)]).includes(`/${name}"`),
      )
      expect(recursive.map(([name]) => name)).toContainEqual(expect.stringMatching(/^PostThingsBody|^PostThings200Response/))
    }
  })
})

describe('what cannot be described', () => {
  it('allows everything, and costs the other routes nothing', async () => {
    const silent: Schema = { '~standard': { version: 1, vendor: 'silent', validate: (value) => ({ value }) } }
    const loud = {
      '~standard': {
        ...silent['~standard'],
        jsonSchema: {
          input: () => {
            throw new Error('no')
          },
          output: () => {
            throw new Error('no')
          },
        },
      },
    } as Schema
    expect(await described(silent)).toMatchObject({ body: {}, answer: {} })
    expect(await described(loud)).toMatchObject({ body: {}, answer: {} })
    const odd = await described(
      z.object({ at: z.date(), big: z.bigint().default(10n), length: z.string().transform((text) => text.length) }),
    )
    expect(odd.body?.properties?.['at']).toEqual({ type: 'string', format: 'date-time' })
    expect(odd.body?.properties?.['length']).toEqual({ type: 'string' })
    expect(odd.answer?.properties?.['length']).toEqual({})
  })

  it('leaves out what JSON cannot say', async () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const { body } = await described(
      handMade({ type: 'object', properties: { a: { type: 'integer', default: 10n }, b: { default: circle } } }),
    )
    expect(body?.properties).toEqual({ a: { type: 'integer', default: 10 }, b: {} })
  })
})

describe('definitions and names', () => {
  it('hoists $defs and follows references to ids, to the root and into it', async () => {
    const schema = handMade({
      $id: 'https://example.com/tree.schema.json',
      type: 'object',
      properties: {
        left: { $ref: '#' },
        leaf: { $ref: '#/$defs/leaf~1thing' },
        same: { $ref: '#/properties/size' },
        size: { type: 'integer' },
      },
      $defs: { 'leaf/thing': { type: 'string', minLength: 1 } },
    })
    const { body, schemas } = await described(schema)
    expect(body).toEqual({ $ref: '#/components/schemas/tree' })
    expect(schemas['tree']).toEqual({
      type: 'object',
      properties: {
        left: { $ref: '#/components/schemas/tree' },
        leaf: { $ref: '#/components/schemas/leaf_thing' },
        same: { $ref: '#/components/schemas/tree/properties/size' },
        size: { type: 'integer' },
      },
    })
    expect(schemas['leaf_thing']).toEqual({ type: 'string', minLength: 1 })
  })

  it('keeps a property that is called like a keyword', async () => {
    const { body } = await described(
      handMade({
        type: 'object',
        properties: { id: { type: 'string' }, $defs: { type: 'string' }, title: { type: 'string' }, __proto__x: { type: 'string' } },
      }),
    )
    expect(Object.keys(body?.properties ?? {})).toEqual(['id', '$defs', 'title', '__proto__x'])
  })

  it('names objects after titles that are names, and leaves labels alone', async () => {
    const Line = z.object({ price: z.number().meta({ title: 'Price' }) }).meta({ title: 'OrderLine' })
    const { body, schemas } = await described(z.object({ lines: z.array(Line), note: z.object({}).meta({ title: 'A note' }) }))
    expect(body?.properties?.['lines']).toEqual({ type: 'array', items: { $ref: '#/components/schemas/OrderLine' } })
    expect(schemas['OrderLine']?.properties?.['price']).toEqual({ title: 'Price', type: 'number' })
    expect(body?.properties?.['note']).toMatchObject({ title: 'A note', type: 'object' })
  })

  it('tells apart schemas that share a name, and what refers to them', async () => {
    const one = handMade({
      title: 'Holder',
      type: 'object',
      properties: { item: { $ref: '#/$defs/Item' } },
      $defs: { Item: { type: 'string' } },
    })
    const two = handMade({
      title: 'Holder',
      type: 'object',
      properties: { item: { $ref: '#/$defs/Item' } },
      $defs: { Item: { type: 'number' } },
    })
    const app = new App({ name: 't', log: { level: 'silent' } })
      .get('/one', { response: { 200: one } }, () => undefined as never)
      .get('/two', { response: { 200: two } }, () => undefined as never)
      .get('/again', { response: { 200: one } }, () => undefined as never)
    const { components } = await documentOf(app)
    expect(components?.schemas).toMatchObject({
      Holder: { properties: { item: { $ref: '#/components/schemas/Item' } } },
      Holder2: { properties: { item: { $ref: '#/components/schemas/Item2' } } },
      Item: { type: 'string' },
      Item2: { type: 'number' },
    })
    expect(components?.schemas).not.toHaveProperty('Holder3')
  })

  it('shows that further members are refused where the input refuses them', async () => {
    expect((await described(z.strictObject({ a: z.string() }))).answer?.additionalProperties).toBe(false)
    expect((await described(z.object({ a: z.string() }))).answer).not.toHaveProperty('additionalProperties')
  })
})

describe('parameters', () => {
  async function query(schema: Schema): Promise<unknown> {
    const document = await documentOf(new App({ name: 't', log: { level: 'silent' } }).get('/x', { query: schema }, () => 1))
    return document.paths['/x']?.get?.parameters
  }

  it('look through intersections, unions and records', async () => {
    expect(await query(z.object({ a: z.string() }).and(z.object({ b: z.string().optional() })))).toEqual([
      { name: 'a', in: 'query', required: true, schema: { type: 'string' } },
      { name: 'b', in: 'query', schema: { type: 'string' } },
    ])
    expect(await query(z.union([z.object({ a: z.string(), b: z.string() }), z.object({ a: z.string() })]))).toEqual([
      { name: 'a', in: 'query', required: true, schema: { type: 'string' } },
      { name: 'b', in: 'query', schema: { type: 'string' } },
    ])
    expect(await query(z.record(z.string(), z.string()))).toEqual([
      { name: 'others', in: 'query', style: 'form', explode: true, schema: { type: 'object', additionalProperties: { type: 'string' } } },
    ])
  })

  it('carry descriptions and deprecation, and their own pattern before that of the path', async () => {
    const params = z.object({
      code: z
        .string()
        .regex(/^[A-Z]+$/)
        .meta({ description: 'The code', deprecated: true }),
    })
    const app = new App({ name: 't', log: { level: 'silent' } }).get('/:code(\\w+)/:slug([a-z-]+)', { params }, () => 1)
    expect((await documentOf(app)).paths['/{code}/{slug}']?.get?.parameters).toEqual([
      {
        name: 'code',
        in: 'path',
        description: 'The code',
        required: true,
        deprecated: true,
        schema: { type: 'string', pattern: '^[A-Z]+$' },
      },
      { name: 'slug', in: 'path', required: true, schema: { type: 'string', pattern: '^[a-z-]+$' } },
    ])
  })
})
