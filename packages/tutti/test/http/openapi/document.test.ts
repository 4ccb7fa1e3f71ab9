import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { all, any, App, not, Problem, router, type Guard } from '../../../src/index.ts'
import {
  bytes,
  form,
  multipart,
  openApiDocument,
  text,
  upload,
  type BodyReader,
  type OpenApiDocument,
  type OpenApiOperation,
} from '../../../src/http/index.ts'
import { documentOf, faultsOf } from './valid-document.ts'

const silent = { name: 'shop', log: { level: 'silent' } } as const

function guard(security: NonNullable<Guard['security']>, challenge?: string): Guard {
  return Object.assign(() => true, { security, ...(challenge !== undefined && { challenge }) })
}

function operation(document: OpenApiDocument, path: string, method: 'get' | 'post' | 'put' | 'delete' = 'get'): OpenApiOperation {
  const found = document.paths[path]?.[method]
  if (found === undefined) throw new Error(`${method} ${path} is not in ${Object.keys(document.paths).join(', ')}`)
  return found
}

const Address = z.object({ street: z.string(), city: z.string().optional() }).meta({ id: 'Address' })
const User = z
  .object({
    id: z.number().int(),
    name: z.string().describe('Full name'),
    role: z.enum(['admin', 'user']).default('user'),
    address: Address,
  })
  .meta({ id: 'User', description: 'Somebody' })
const Category = z.object({
  name: z.string(),
  get children() {
    return z.array(Category)
  },
})

function broadApp(): App {
  const app = new App({
    ...silent,
    docs: {
      info: { title: 'Shop', version: '2.1.0', description: 'Sells things.', license: { name: 'MIT', identifier: 'MIT' } },
      servers: [{ url: 'https://api.example.com/{stage}', variables: { stage: { default: 'live', enum: ['live', 'test'] } } }],
      securitySchemes: { token: { type: 'http', scheme: 'bearer' }, key: { type: 'apiKey', in: 'header', name: 'x-key' } },
      tags: [{ name: 'orders', description: 'What was bought' }, { name: 'users' }],
    },
  })
  const users = router('/users', { tags: ['users'], guard: guard({ token: ['users'] }) })
  users.get(
    '/',
    { query: z.object({ tag: z.array(z.string()).optional(), page: z.coerce.number().default(1) }), response: { 200: z.array(User) } },
    () => [],
  )
  users.post('/', { body: User, response: { 201: User, 409: Problem }, examples: { ada: { id: 1, name: 'Ada' } } }, ({ body }) => body)
  users.get(
    '/:id(\\d+)',
    { params: z.object({ id: z.coerce.number() }), response: { 200: User, 404: Problem }, operationId: 'oneUser' },
    () => {
      throw new Error('never called')
    },
  )
  users.delete('/:userId', { deprecated: true, response: { 204: z.undefined() } }, () => undefined)
  app.use(users)
  app.get('/categories', { response: { 200: Category }, tags: ['catalogue'] }, () => ({ name: '', children: [] }))
  app.get('/files/*', () => 'x').all('/anything/:kind?', () => 'x')
  app.get('/orders', { version: '1', tags: ['orders'], summary: 'Old', response: { 200: z.object({ a: z.string() }) } }, () => ({ a: '' }))
  app.get('/orders', { version: '2', tags: ['orders'], summary: 'New', response: { 200: z.object({ b: z.string() }) } }, () => ({ b: '' }))
  app.get(
    '/headers',
    { headers: z.object({ 'x-trace': z.string(), authorization: z.string() }), cookies: z.object({ session: z.string().optional() }) },
    () => 1,
  )
  app.put('/note', { body: text() }, () => 1).put('/blob', { body: bytes({ types: ['image/png'] }) }, () => 1)
  app.put('/form', { body: form(z.object({ a: z.string() })) }, () => 1)
  app.get('/secret', { hidden: true }, () => 1)
  return app
}

describe('the validator that the documents are held against', () => {
  it('refuses documents that are not OpenAPI', async () => {
    const good = await openApiDocument([], { info: { title: 'x', version: '1' } })
    expect(await faultsOf(good)).toEqual([])
    expect(await faultsOf({ ...good, info: { title: 'x' } })).not.toEqual([])
    expect(await faultsOf({ ...good, paths: { '/x': { get: { responses: { 200: {} } } } } })).not.toEqual([])
    expect(
      await faultsOf({ ...good, paths: { '/x/{id}': { get: { parameters: [{ name: 'id', in: 'path', schema: {} }], responses: {} } } } }),
    ).not.toEqual([])
    expect(await faultsOf({ ...good, 'x-a': { $ref: '#/components/schemas/Gone' } })).toEqual([
      expect.stringContaining('#/components/schemas/Gone'),
    ])
  })
})

describe('the document of a broad app', () => {
  it('is valid, and has its info, servers and tags in the order of the options', async () => {
    const document = await documentOf(broadApp())
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(document.info).toEqual({
      title: 'Shop',
      version: '2.1.0',
      description: 'Sells things.',
      license: { name: 'MIT', identifier: 'MIT' },
    })
    expect(document.servers?.[0]?.url).toBe('https://api.example.com/{stage}')
    expect(document.tags).toEqual([{ name: 'orders', description: 'What was bought' }, { name: 'users' }, { name: 'catalogue' }])
  })

  it('leaves hidden routes out, itself among them', async () => {
    const { paths } = await documentOf(broadApp())
    expect(Object.keys(paths).filter((path) => /secret|docs|openapi/.test(path))).toEqual([])
  })

  it('gives paths that differ only in the names of parameters one template', async () => {
    const { paths } = await documentOf(broadApp())
    expect(Object.keys(paths['/users/{id}'] ?? {}).toSorted()).toEqual(['delete', 'get'])
    expect(paths['/users/{userId}']).toBeUndefined()
  })

  it('describes parameters from path and schemas', async () => {
    const document = await documentOf(broadApp())
    expect(operation(document, '/users').parameters).toEqual([
      { name: 'tag', in: 'query', style: 'form', explode: true, schema: { type: 'array', items: { type: 'string' } } },
      { name: 'page', in: 'query', schema: { type: 'number', default: 1 } },
    ])
    expect(operation(document, '/users/{id}').parameters).toEqual([{ name: 'id', in: 'path', required: true, schema: { type: 'number' } }])
    expect(operation(document, '/headers').parameters).toEqual([
      { name: 'x-trace', in: 'header', required: true, schema: { type: 'string' } },
      { name: 'session', in: 'cookie', schema: { type: 'string' } },
    ])
    expect(operation(document, '/files/{wildcard}').parameters?.[0]).toMatchObject({ name: 'wildcard', in: 'path', required: true })
  })

  it('documents optional parameters as two paths and ALL as each method', async () => {
    const { paths } = await documentOf(broadApp())
    expect(Object.keys(paths['/anything'] ?? {})).toEqual(['get', 'post', 'put', 'patch', 'delete'])
    expect(Object.keys(paths['/anything/{kind}'] ?? {})).toEqual(['get', 'post', 'put', 'patch', 'delete'])
  })

  it('shares named schemas, with a name of its own for an input that differs from its output', async () => {
    const document = await documentOf(broadApp())
    const schemas = document.components?.schemas ?? {}
    expect(Object.keys(schemas)).toEqual(['Address', 'GetCategories200Response', 'Problem', 'User', 'UserInput'])
    expect(schemas['User']?.required).toEqual(['id', 'name', 'role', 'address'])
    expect(schemas['UserInput']?.required).toEqual(['id', 'name', 'address'])
    expect(schemas['User']?.properties?.['address']).toEqual({ $ref: '#/components/schemas/Address' })
    expect(schemas['User']).not.toHaveProperty('additionalProperties')
    expect(schemas['GetCategories200Response']?.properties?.['children']).toEqual({
      type: 'array',
      items: { $ref: '#/components/schemas/GetCategories200Response' },
    })
    expect(operation(document, '/users', 'post').requestBody).toEqual({
      description: 'Somebody',
      required: true,
      content: {
        'application/json': { schema: { $ref: '#/components/schemas/UserInput' }, examples: { ada: { value: { id: 1, name: 'Ada' } } } },
      },
    })
  })

  it('describes responses, with those that guards and schemas bring', async () => {
    const document = await documentOf(broadApp())
    const { responses } = operation(document, '/users/{id}')
    expect(Object.keys(responses)).toEqual(['200', '401', '403', '404', '422', 'default'])
    expect(responses['200']).toEqual({
      description: 'Somebody',
      content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } } },
    })
    expect(responses['404']).toEqual({
      description: 'Not Found',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    })
    expect(operation(document, '/users/{id}', 'delete').responses['204']).toEqual({ description: 'No Content' })
    expect(operation(document, '/users/{id}', 'delete').deprecated).toBe(true)
    expect(Object.keys(operation(document, '/files/{wildcard}').responses)).toEqual(['2XX', 'default'])
  })

  it('describes the kinds of bodies', async () => {
    const document = await documentOf(broadApp())
    expect(operation(document, '/note', 'put').requestBody).toEqual({ content: { 'text/*': { schema: { type: 'string' } } } })
    expect(operation(document, '/blob', 'put').requestBody).toEqual({ content: { 'image/png': {} } })
    expect(Object.keys(operation(document, '/form', 'put').requestBody?.content ?? {})).toEqual(['application/x-www-form-urlencoded'])
  })

  it('makes one operation of several versions, the newest first', async () => {
    const orders = operation(await documentOf(broadApp()), '/orders')
    expect(orders.summary).toBe('New')
    expect(orders.parameters).toEqual([
      expect.objectContaining({ name: 'Accept-Version', in: 'header', required: true, schema: { type: 'string', examples: ['2', '1'] } }),
    ])
    expect(orders.responses['200']).toMatchObject({
      content: { 'application/json': { schema: { anyOf: [{ properties: { b: {} } }, { properties: { a: {} } }] } } },
    })
  })

  it('has an id for every operation, its own and each once', async () => {
    const { paths } = await documentOf(broadApp())
    const ids = Object.values(paths).flatMap((item) => Object.values(item).map(({ operationId }) => operationId))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining(['oneUser', 'getUsers', 'postUsers', 'deleteUsersById', 'getAnythingByKind']))
  })
})

describe('operation ids', () => {
  it('stay apart where paths read alike', async () => {
    const document = await documentOf(new App(silent).get('/a-b', () => 1).get('/a/b', () => 1))
    expect([operation(document, '/a-b').operationId, operation(document, '/a/b').operationId]).toEqual(['getAB', 'getAB_2'])
  })

  it('of routes are never taken by generated ones', async () => {
    const document = await documentOf(new App(silent).get('/x', () => 1).get('/y', { operationId: 'getX' }, () => 1))
    expect([operation(document, '/x').operationId, operation(document, '/y').operationId]).toEqual(['getX_2', 'getX'])
  })

  it('that are given twice stop the start', async () => {
    const app = new App(silent).get('/x', { operationId: 'same' }, () => 1).get('/y', { operationId: 'same' }, () => 1)
    await expect(app.start()).rejects.toThrow('The operationId "same" is on both GET /x and GET /y')
  })
})

describe('security', () => {
  async function securityFor(own: Guard): Promise<unknown> {
    const document = await documentOf(new App(silent).get('/x', { guard: own }, () => 1))
    return operation(document, '/x').security
  }

  it('shows what guards state, alone and composed', async () => {
    const token = guard({ token: ['read'] })
    const key = guard({ key: [] })
    expect(await securityFor(token)).toEqual([{ token: ['read'] }])
    expect(await securityFor(all(token, key, guard({ token: ['write'] })))).toEqual([{ token: ['read', 'write'], key: [] }])
    expect(await securityFor(any(token, key))).toEqual([{ token: ['read'] }, { key: [] }])
    expect(await securityFor(all(any(token, key), guard({ tenant: [] })))).toEqual([
      { token: ['read'], tenant: [] },
      { key: [], tenant: [] },
    ])
    expect(await securityFor(not(token))).toBeUndefined()
    expect(await securityFor(() => true)).toBeUndefined()
  })

  it('invents the scheme of a name that is not described from the challenge', async () => {
    const app = new App(silent)
      .get('/x', { guard: guard({ staff: [] }, 'Basic realm="x"') }, () => 1)
      .get('/y', { guard: guard({ token: [] }) }, () => 1)
    expect((await documentOf(app)).components?.securitySchemes).toEqual({
      staff: { type: 'http', scheme: 'basic' },
      token: { type: 'http', scheme: 'bearer' },
    })
  })
})

describe('bodies', () => {
  it('that a form can carry are described as one as well', async () => {
    const app = new App(silent).post('/x', { body: z.object({ a: z.string(), b: z.array(z.string()).optional() }).optional() }, () => 1)
    const { requestBody } = operation(await documentOf(app), '/x', 'post')
    expect(Object.keys(requestBody?.content ?? {})).toEqual(['application/json', 'application/x-www-form-urlencoded'])
    expect(requestBody?.required).toBeUndefined()
  })

  it('of uploads show fields and files side by side', async () => {
    const body = multipart({ fields: z.object({ title: z.string(), place: Address }), files: { image: upload() } })
    const { requestBody } = operation(await documentOf(new App(silent).post('/x', { body }, () => 1)), '/x', 'post')
    expect(requestBody?.content['multipart/form-data']?.schema).toEqual({
      type: 'object',
      properties: {
        title: { type: 'string' },
        place: { $ref: '#/components/schemas/Address' },
        image: { type: 'string', format: 'binary' },
      },
      required: ['title', 'place', 'image'],
    })
  })

  it('of readers are what the readers describe', async () => {
    const upload: BodyReader<unknown> = {
      mediaTypes: ['multipart/form-data'],
      describe: () => ({ type: 'object', properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } } }),
      read: async () => undefined,
    }
    const { requestBody } = operation(await documentOf(new App(silent).post('/x', { body: upload }, () => 1)), '/x', 'post')
    expect(requestBody).toEqual({
      required: true,
      content: {
        'multipart/form-data': {
          schema: { type: 'object', properties: { file: { type: 'string', contentMediaType: 'application/octet-stream' } } },
        },
      },
    })
  })
})
