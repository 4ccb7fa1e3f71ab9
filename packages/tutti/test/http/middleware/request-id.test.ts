import { reply, requestId } from 'tutti'
import { testApp } from 'tutti/testing'
import { expect, it } from 'vitest'
import { appOf } from './app-of.ts'

it('requestId sends the id that handlers and problems name, with errors too', async () => {
  const app = appOf().use(requestId())
  app.get('/', ({ id }) => ({ id })).get('/fails', () => reply(409))
  await using t = await testApp(app)
  const ok = await t.get('/')
  expect(ok.body).toEqual({ id: ok.headers.get('x-request-id') })
  for (const path of ['/fails', '/none']) {
    const { body, headers } = await t.get(path)
    expect(body).toMatchObject({ requestId: headers.get('x-request-id') })
  }
})

it('requestId takes ids from trusted proxies alone, and only well-formed ones', async () => {
  const sent = { 'x-request-id': 'from-outside.1' }
  await using strangers = await testApp(
    appOf()
      .use(requestId())
      .get('/', () => 1),
  )
  expect((await strangers.get('/', { headers: sent })).headers.get('x-request-id')).not.toBe('from-outside.1')
  await using trusted = await testApp(
    appOf({ trustProxy: true })
      .use(requestId({ header: 'X-Correlation-Id' }))
      .get('/', () => 1),
  )
  await trusted.get('/', { headers: sent }).expectHeader('x-correlation-id', 'from-outside.1')
  for (const bad of ['a b', '<script>', 'x'.repeat(129)]) {
    expect((await trusted.get('/', { headers: { 'x-request-id': bad } })).headers.get('x-correlation-id')).toMatch(/^[\da-f]{8}-/)
  }
})

it('requestId refuses wrong options', () => {
  for (const options of [{ header: 'x id' }, { header: '' }, { generate: () => '1' }])
    expect(() => requestId(options as never)).toThrow(/requestId received/)
})
