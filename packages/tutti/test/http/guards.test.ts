import { all, any, httpError, not, reply, router, unauthenticated, type Guard } from 'tutti'
import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { appOf } from './middleware/app-of.ts'

const signedIn: Guard = Object.assign(
  ((ctx) => {
    const id = ctx.source.headers['x-user']
    if (typeof id !== 'string') return false
    ctx.actor = { id, claims: { admin: id === 'root' } }
    ctx.tenant = 'acme'
    return true
  }) satisfies Guard,
  { challenge: 'Basic realm="shop"' },
)
const admin: Guard = async (ctx) => ctx.actor?.claims?.['admin'] === true
const no: Guard = () => false
const yes: Guard = () => true
const as = (user: string) => ({ headers: { 'x-user': user } })

async function guarded(guard: Guard) {
  const app = appOf()
  app.get('/', { guard }, (ctx) => ({ actor: ctx.actor?.id, tenant: ctx.tenant }))
  return testApp(app)
}

describe('guards', () => {
  it('answer 401 with a challenge where nobody is known, and 403 where somebody is', async () => {
    await using t = await guarded(all(signedIn, admin))
    await t.get('/').expect(401).expectHeader('www-authenticate', 'Basic realm="shop"')
    const refused = await t.get('/', as('ann')).expect(403)
    expect(refused.headers.get('www-authenticate')).toBeNull()
    expect(refused.body).toMatchObject({ code: 'TUTTI_FORBIDDEN', status: 403 })
    await t.get('/', as('root')).expect(200, { actor: 'root', tenant: 'acme' })
    await using bare = await guarded(no)
    const unknown = await bare.get('/').expect(401).expectHeader('www-authenticate', 'Bearer')
    expect(unknown.body).toMatchObject({ code: 'TUTTI_UNAUTHENTICATED' })
  })

  it('may throw errors of their own, and fail closed', async () => {
    await using teapot = await guarded(() => {
      throw httpError(418, 'TEAPOT', 'No.')
    })
    await teapot.get('/').expect(418)
    await using broken = await guarded(async () => {
      throw new Error('The directory is down.')
    })
    await broken.get('/').expect(500)
    for (const odd of [undefined, 1, 'yes', {}, Promise.resolve(1)]) {
      const guard = (() => odd) as unknown as Guard
      for (const shape of [guard, all(guard), any(guard), not(guard)]) {
        await using t = await guarded(shape)
        await t.get('/').expect(401)
      }
    }
  })

  it.each<[string, Guard, number, number]>([
    ['all()', all(), 200, 200],
    ['all(yes, no)', all(yes, no), 401, 401],
    ['any()', any(), 401, 401],
    ['any(no, yes)', any(no, yes), 200, 200],
    ['any(admin, signedIn)', any(admin, signedIn), 401, 200],
    ['not(no)', not(no), 200, 200],
    ['not(signedIn)', not(signedIn), 200, 403],
    ['all(signedIn, not(admin))', all(signedIn, not(admin)), 401, 200],
    ['any(all(no), not(yes))', any(all(no), not(yes)), 401, 401],
  ])('%s', async (...[, guard, nobody, ann]) => {
    await using t = await guarded(guard)
    await t.get('/').expect(nobody)
    await t.get('/', as('ann')).expect(ann)
  })

  it('any: what denies by throwing leaves it to the others, whose challenges come together', async () => {
    const bearer: Guard = Object.assign(
      (() => {
        throw unauthenticated('No token.')
      }) as Guard,
      { challenge: 'Bearer' },
    )
    await using t = await guarded(any(bearer, yes))
    await t.get('/').expect(200)
    await using basic = await guarded(any(Object.assign((() => false) as Guard, { challenge: 'Bearer' }), signedIn))
    await basic.get('/').expect(401).expectHeader('www-authenticate', 'Bearer, Basic realm="shop"')
    await using broken = await guarded(
      any(() => {
        throw new Error('down')
      }, yes),
    )
    await broken.get('/').expect(500)
    await using negated = await guarded(not(bearer))
    await negated.get('/').expect(200)
  })

  it('all: stop at the first that does not pass', async () => {
    const asked: string[] = []
    const named =
      (name: string, passes: boolean): Guard =>
      () => {
        asked.push(name)
        return passes
      }
    await using t = await guarded(all(named('one', true), named('two', false), named('three', true)))
    await t.get('/').expect(401)
    expect(asked).toEqual(['one', 'two'])
  })

  it('of routers and routes add up, the outermost first', async () => {
    const inner = router('/inner', { guard: admin })
    inner.get('/', { guard: not((ctx) => ctx.source.headers['x-closed'] !== undefined) }, () => 'in').get('/plain', () => 'plain')
    const outer = router('/outer', { guard: signedIn }).use(inner)
    outer.get('/', () => 'out')
    await using t = await testApp(appOf().use(outer))
    await t.get('/outer').expect(401)
    await t.get('/outer', as('ann')).expect(200, 'out')
    for (const path of ['/outer/inner', '/outer/inner/plain']) {
      await t.get(path).expect(401).expectHeader('www-authenticate', 'Basic realm="shop"')
      await t.get(path, as('ann')).expect(403)
      await t.get(path, as('root')).expect(200)
      await t.head(path, as('ann')).expect(403)
    }
    await t.get('/outer/inner', { headers: { 'x-user': 'root', 'x-closed': '1' } }).expect(403)
  })

  it('are asked before the body is read and before anything is validated', async () => {
    let read = false
    const app = appOf({ bodyLimit: 10 })
    app.post('/', { guard: no }, () => reply(204))
    await using t = await testApp(app)
    const body = new ReadableStream(
      {
        pull(controller) {
          read = true
          controller.enqueue(new TextEncoder().encode('{'))
        },
      },
      { highWaterMark: 0 },
    )
    await t.post('/', { body, headers: { 'content-type': 'application/json' } }).expect(401)
    expect(read).toBe(false)
    await t.post('/', { body: 'x'.repeat(100), headers: { 'content-type': 'application/json' } }).expect(401)
  })
})
