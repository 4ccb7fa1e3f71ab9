import { App, dependency, type Guard } from 'tutti'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'

const keys = dependency('keys', async () => new Set(['k1']))
const key = dependency('key', { scope: 'request', needs: { keys } }, ({ ctx, needs }) => ({
  known: needs.keys.has(String(ctx.headers['x-key'])),
}))

const known: Guard = async (ctx) => (await ctx.resolve(key)).known

it('gives guards the dependencies of their request, and hooks those of the app', async () => {
  const app = new App({ log: { level: 'silent' } })
  const warm: string[] = []
  app.onStart(async (app) => warm.push(...(await app.resolve(keys))))
  app.get('/', { guard: known }, () => 'in')
  await using t = await testApp(app)
  expect(warm).toEqual(['k1'])
  await t.get('/').expect(401)
  await t.get('/', { headers: { 'x-key': 'k1' } }).expect(200, 'in')
})

it('tells hooks that a dependency of a request needs one', async () => {
  const app = new App({ log: { level: 'silent' } })
  app.onStart(async (app) => app.resolve(key))
  await expect(testApp(app)).rejects.toMatchObject({ code: 'TUTTI_START_FAILED', cause: { code: 'TUTTI_DEPENDENCY_SCOPE' } })
})
