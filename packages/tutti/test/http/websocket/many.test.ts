import { once } from 'node:events'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { App } from '../../../src/index.ts'
import { until } from './client.ts'

it('a thousand clients each get every broadcast, in order', async () => {
  const app = new App({ name: 't', log: { level: 'silent' } })
  const clients: WebSocket[] = []
  const feed = app.ws('/:room', {
    open(socket) {
      socket.join(socket.ctx.params.room)
    },
  })
  const { url } = await app.listen(0)
  const received: number[][] = []
  for (let i = 0; i < 1000; i++) {
    const client = new WebSocket(`${url.replace('http', 'ws')}/${i % 10}`, { perMessageDeflate: false })
    const own: number[] = []
    received.push(own)
    client.on('message', (data: Buffer) => own.push((JSON.parse(data.toString()) as { n: number }).n))
    clients.push(client)
    if (i % 100 === 99) await Promise.all(clients.slice(-100).map((one) => one.readyState === one.OPEN || once(one, 'open')))
  }
  await until(() => feed.size === 1000)
  for (let n = 0; n < 10; n++) expect(feed.broadcast({ n, text: 'x'.repeat(200) })).toBe(1000)
  expect(feed.to('3').send({ n: 10 })).toBe(100)
  await until(() => received.every((own) => own.length >= 10) && received.filter((own) => own.length === 11).length === 100)
  for (const own of received) expect(own.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (const [i, own] of received.entries()) expect(own.length).toBe(i % 10 === 3 ? 11 : 10)
  const ended = Promise.all(clients.map((client) => once(client, 'close')))
  await app.stop()
  for (const [code] of (await ended) as [number][]) expect(code).toBe(1001)
  expect([feed.size, feed.rooms]).toEqual([0, []])
})
