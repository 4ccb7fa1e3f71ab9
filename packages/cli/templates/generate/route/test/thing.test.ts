import { App } from 'tutti'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { thingRoutes } from '../src/thing.ts'

it('answers', async () => {
  await using t = await testApp(new App({ log: { level: 'silent' } }).use(thingRoutes))
  await t.get('/thing/1').expect(200, { id: '1' })
  await t.post('/thing', { json: { name: 'a' } }).expect(200, { added: 'a' })
  expect((await t.post('/thing', { json: { name: '' } })).status).toBe(422)
})
