import { expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { dropRawSockets, open, rawSocket, refused, until } from './client.ts'

it('a stop says goodbye with 1001, after what has arrived was handled', async () => {
  const app = new App({ name: 't', log: { level: 'silent' } })
  const order: string[] = []
  const gate = Promise.withResolvers<void>()
  app.ws('/', {
    async message(_, data) {
      await gate.promise
      order.push(String(data))
    },
    async close(_, { code }) {
      await Promise.resolve()
      order.push(`closed ${code}`)
    },
  })
  app.onStop(() => void order.push('stopped'))
  const { url } = await app.listen(0)
  const client = await open(url)
  client.send('first')
  client.send('second')
  const clients = await Promise.all(Array.from({ length: 20 }, () => open(url)))
  const stopping = app.stop()
  expect(await client.closed).toEqual({ code: 1001, reason: 'The server is stopping.' })
  for (const other of clients) expect((await other.closed).code).toBe(1001)
  gate.resolve()
  await stopping
  expect(order.toSorted()).toEqual([...Array.from({ length: 21 }, () => 'closed 1001'), 'first', 'second', 'stopped'])
  expect(order.indexOf('second')).toBe(order.indexOf('first') + 1)
  expect(order.at(-1)).toBe('stopped')
})

it('a stop gives up on handlers that have not ended in the time that they have', async () => {
  const app = new App({ name: 't', log: { level: 'silent' }, drainTimeout: '2s' })
  let stuckInHandler = false
  const feed = app.ws('/', {
    message() {
      stuckInHandler = true
      return new Promise(() => {})
    },
  })
  const { url } = await app.listen(0)
  const stuck = await open(url)
  stuck.send(1)
  await open(url)
  await until(() => feed.size === 2 && stuckInHandler)
  await expect(app.stop()).rejects.toMatchObject({ code: 'TUTTI_STOP_FAILED', message: expect.stringContaining('1 connection') as string })
  expect(feed.size).toBe(0)
})

it('a stop does not wait for peers that say no goodbye', async () => {
  const app = new App({ name: 't', log: { level: 'silent' }, drainTimeout: '4s' })
  const feed = app.ws('/', {})
  const { url } = await app.listen(0)
  const { socket } = await rawSocket(url)
  const gone = new Promise((resolve) => socket.once('close', resolve))
  await until(() => feed.size === 1)
  await app.stop()
  await gone
  dropRawSockets()
})

it('handshakes during a stop are answered 503', async () => {
  const app = new App({ name: 't', log: { level: 'silent' } })
  const gate = Promise.withResolvers<boolean>()
  let asked = 0
  app.ws(
    '/',
    {
      guard: () => {
        asked++
        return gate.promise
      },
    },
    {},
  )
  const { url } = await app.listen(0)
  const answer = refused(url)
  await until(() => asked === 1)
  const stopping = app.stop()
  await new Promise((resolve) => setTimeout(resolve, 20))
  gate.resolve(true)
  expect(await answer).toMatchObject({ status: 503, body: { code: 'TUTTI_SERVER_STOPPING' } })
  await stopping
})
