import * as v from 'valibot'
import * as z from 'zod'
import type { IncomingHttpHeaders } from 'node:http'
import { App, dependency, reply, router, type HttpContext, type Middleware } from 'tutti'
import { file } from 'tutti/http'
import type { HandlerResult, PathParams, Query, Reply, RouteContext } from 'tutti/http'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Simplify<T> = { [K in keyof T]: T[K] }
function expectType<_T extends true>(): void {}

// Parameters from the path
expectType<Equal<Simplify<PathParams<'/'>>, {}>>()
expectType<Equal<Simplify<PathParams<'/users/:id'>>, { readonly id: string }>>()
expectType<Equal<Simplify<PathParams<'/users/:id(\\d+)/posts/:post'>>, { readonly id: string; readonly post: string }>>()
expectType<Equal<Simplify<PathParams<'/x/:a((?:b|c)+)/:d'>>, { readonly a: string; readonly d: string }>>()
expectType<Equal<Simplify<PathParams<'/files/*'>>, { readonly '*': string }>>()
expectType<Equal<Simplify<PathParams<'/files/:owner/*'>>, { readonly owner: string; readonly '*': string }>>()
expectType<Equal<Simplify<PathParams<'/:base.:ext'>>, { readonly base: string; readonly ext: string }>>()
expectType<Equal<Simplify<PathParams<'/:from-:to'>>, { readonly from: string; readonly to: string }>>()
expectType<Equal<Simplify<PathParams<'/a/:b?'>>, { readonly b?: string }>>()
expectType<Equal<Simplify<PathParams<'/time::zone/:id'>>, { readonly id: string }>>()
expectType<Equal<PathParams<string>, Readonly<Record<string, string>>>>()

const app = new App()
app.get('/users/:id(\\d+)', ({ params, query, headers, cookies, body, deps }) => {
  expectType<Equal<Simplify<typeof params>, { readonly id: string }>>()
  expectType<Equal<typeof query, Query>>()
  expectType<Equal<typeof headers, IncomingHttpHeaders>>()
  expectType<Equal<typeof cookies, Readonly<Record<string, string>>>>()
  expectType<Equal<typeof body, unknown>>()
  expectType<Equal<typeof deps, Readonly<Record<never, never>>>>()
  // @ts-expect-error there is no such parameter
  return params.name
})

// Parts from their schemas, of any library
app.post(
  '/users/:id',
  {
    params: z.object({ id: z.coerce.number() }),
    query: v.object({ page: v.pipe(v.string(), v.transform(Number)) }),
    headers: z.object({ 'x-shop': z.string() }),
    cookies: z.object({ theme: z.enum(['dark', 'light']) }),
    body: z.object({ tags: z.array(z.string()).default([]) }),
  },
  ({ params, query, headers, cookies, body }) => {
    expectType<Equal<typeof params, { id: number }>>()
    expectType<Equal<typeof query, { page: number }>>()
    expectType<Equal<typeof headers, { 'x-shop': string }>>()
    expectType<Equal<typeof cookies, { theme: 'dark' | 'light' }>>()
    expectType<Equal<typeof body, { tags: string[] }>>()
  },
)

// Prefixes of routers carry their parameters
router('/teams/:team').get('/members/:member', ({ params }) => {
  expectType<Equal<Simplify<typeof params>, { readonly team: string; readonly member: string }>>()
})
router('/teams/:team').get('/', ({ params }) => {
  expectType<Equal<Simplify<typeof params>, { readonly team: string }>>()
})

// Responses per status
const User = z.object({ id: z.number(), name: z.string() })
const Trouble = z.object({ code: z.string() })
app.get('/typed', { response: { 200: User, 404: Trouble } }, () => ({ id: 1, name: 'Ada' }))
app.get('/typed', { response: { 200: User, 404: Trouble } }, async () => Promise.resolve({ id: 1, name: 'Ada' }))
app.get('/typed', { response: { 200: User, 404: Trouble } }, (ctx) => (ctx.path === '/' ? reply(404) : reply(200, { id: 1, name: 'Ada' })))
app.get(
  '/typed',
  { response: { 200: User, 404: Trouble } },
  async () => (await Promise.resolve<{ id: number; name: string } | undefined>(undefined)) ?? reply(404, { code: 'NONE' }),
)
app.get(
  '/typed',
  { response: { 200: z.array(User) } },
  () => [{ id: 1, name: 'Ada' }] as readonly { readonly id: number; readonly name: string }[],
)
app.get('/typed', { response: { 204: z.undefined() } }, () => undefined)
app.post('/typed', { response: { 201: User } }, () => ({ id: 1, name: 'Ada' }))
app.get('/typed', { response: { 200: User } }, () => new Response('as it is'))
app.get('/typed', { response: { 200: User } }, () => file('/picture.png'))
// @ts-expect-error the name is missing
app.get('/typed', { response: { 200: User } }, () => ({ id: 1 }))
// @ts-expect-error the id is a number
app.get('/typed', { response: { 200: User } }, async () => Promise.resolve({ id: 'x', name: 'Ada' }))
// @ts-expect-error 409 is not declared
app.get('/typed', { response: { 200: User } }, () => reply(409, { code: 'X' }))
// @ts-expect-error the body of 404 has a code
app.get('/typed', { response: { 200: User, 404: Trouble } }, () => reply(404, { reason: 'x' }))
expectType<Equal<HandlerResult<{}>, unknown>>()

// Options
// @ts-expect-error the option does not exist
app.get('/x', { gard: () => true }, () => 1)
// @ts-expect-error a schema is wanted
app.get('/x', { query: { page: 1 } }, () => 1)
// @ts-expect-error a duration is wanted
app.get('/x', { timeout: '2 seconds' }, () => 1)

// Dependencies, nested and of every scope
const db = dependency('db', async () => Promise.resolve({ find: (id: string): string => id }))
const user = dependency('user', { scope: 'request', needs: { db } }, ({ needs, ctx }) => {
  expectType<Equal<typeof needs, { readonly db: { find: (id: string) => string } }>>()
  return { name: needs.db.find(String(ctx.headers['x-user'])) }
})
app.get('/deps', { deps: { db, user } }, ({ deps }) => {
  expectType<Equal<typeof deps.user, { name: string }>>()
  // @ts-expect-error there is no such dependency
  return deps.mail
})
app.override(db, { find: () => 'fake' })
// @ts-expect-error the replacement has another type
app.override(db, { search: () => 'fake' })

// The context
expectType<Equal<Parameters<Middleware>[0], HttpContext>>()
const middleware: Middleware = async (ctx, next) => {
  const response = await next()
  expectType<Equal<typeof response.status, number>>()
  expectType<Equal<typeof ctx.signal, AbortSignal>>()
  expectType<Equal<typeof ctx.params, Readonly<Record<string, string>>>>()
  return response
}
app.use(middleware)
// @ts-expect-error this is nothing that an application is made of
app.use({ nam: 'x' })
expectType<Equal<RouteContext<'/x/:y', {}>['params']['y'], string>>()
expectType<Equal<ReturnType<typeof reply<404>>, Reply<404, undefined>>>()
