import {
  createContainer,
  dependency,
  type ConfigOf,
  type Context,
  type Dependency,
  type DependencyFunction,
  type RegisteredConfig,
  type Resolved,
} from '../../src/kernel/index.ts'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const is = <T extends true>(proof?: T): void => void proof

class Db {
  readonly url: string = ''
  close(): void {}
}
interface HttpContext extends Context {
  readonly path: string
}

// The value's type comes from the factory, also through promises; `dispose` knows it where the factory comes first.
const db = dependency('db', async () => new Db(), { dispose: (value) => value.close() })
is<Equals<typeof db, Dependency<Db, Context>>>()
dependency('db', { dispose: (value: Db) => value.close() }, () => new Db())
dependency('db', { dispose: true }, () => new Db())
// @ts-expect-error the value has no such method
dependency('db', () => new Db(), { dispose: (value) => value.end() })

// Needs are typed in both orders, and nothing is `any`.
const repo = dependency('repo', { needs: { db } }, ({ needs }) => {
  is<Equals<typeof needs, { readonly db: Db }>>()
  return { find: (id: string) => needs.db.url + id }
})
dependency('repo', ({ needs }) => needs.db.url, { needs: { db } })
// @ts-expect-error nothing of this name is needed
dependency('repo', { needs: { db } }, ({ needs }) => needs.bd)
// @ts-expect-error only dependencies can be needed
dependency('repo', { needs: { db: new Db() } }, () => 1)
// @ts-expect-error there is no such scope
dependency('repo', { scope: 'session' }, () => 1)

// Only a request has a context, only a tenant's dependency a tenant.
dependency('user', { scope: 'request' }, ({ ctx }) => {
  is<Equals<typeof ctx, Context>>()
})
dependency('pool', { scope: 'tenant' }, ({ tenant }) => {
  is<Equals<typeof tenant, string>>()
})
// @ts-expect-error one value serves all requests
dependency('db', ({ ctx }) => ctx)
// @ts-expect-error one value serves all requests of a tenant
dependency('pool', { scope: 'tenant' }, ({ ctx }) => ctx)

// Another layer has its own default context without a cast.
const httpDependency: DependencyFunction<HttpContext> = dependency
const path = httpDependency('path', { scope: 'request' }, ({ ctx }) => ctx.path)
is<Equals<typeof path, Dependency<string, HttpContext>>>()
const shout = httpDependency('shout', { scope: 'request', needs: { path, db } }, ({ needs }) => needs.path.toUpperCase())
// What lives longer than a request does not depend on its kind.
is<Equals<ReturnType<typeof httpDb>, Dependency<number, Context>>>()
function httpDb() {
  return httpDependency('n', () => 1)
}
// @ts-expect-error what lives as long as the app cannot need an HTTP request
httpDependency('app', { needs: { path } }, () => 1)

// A container takes what its requests suffice for.
const http = createContainer<HttpContext>()
const plain = createContainer()
const scope = http.requestScope({ path: '/' } as HttpContext)
const values = http.resolveAll({ db, shout, repo }, scope)
is<Equals<Awaited<typeof values>, { readonly db: Db; readonly shout: string; readonly repo: { find: (id: string) => string } }>>()
is<Equals<Resolved<{ path: typeof path }>, { readonly path: string }>>()
// @ts-expect-error plain requests have no path
void plain.resolve(path)
// @ts-expect-error plain requests have no path
void plain.resolveAll({ path, db })
// @ts-expect-error an HTTP request is wanted
http.requestScope({} as Context)

// An override has the type of what it replaces.
http.override(db, new Db())
http.override(
  db,
  dependency('fake', () => new Db()),
)
// @ts-expect-error a number is no Db
http.override(db, 5)
const number = dependency('number', () => 5)
// @ts-expect-error nor is a dependency of numbers
http.override(db, number)

// The configuration is what was registered, else unknown values.
is<Equals<ConfigOf<{ config: { url: string } }>, { url: string }>>()
is<Equals<ConfigOf<object>, Readonly<Record<string, unknown>>>>()
dependency('config', ({ config }) => {
  is<Equals<typeof config, RegisteredConfig>>()
})
