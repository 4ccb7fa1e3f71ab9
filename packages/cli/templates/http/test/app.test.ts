import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import createApp from '../src/app.ts'

it('greets', async () => {
  await using t = await testApp(createApp({ log: { level: 'silent' } }))
  await t.get('/').expect(200, 'It works.')
  await t.get('/greetings/Ada').expect(200, { text: 'Hello, Ada' })
  await t.get('/greetings/Ada?loud=true').expect(200, { text: 'HELLO, ADA' })
  expect((await t.get('/greetings/Ada?loud=perhaps')).status).toBe(422)
})
