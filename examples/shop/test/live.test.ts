import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import type { OrderView } from '../src/orders/order-view.ts'

async function start() {
  const app = createShop({ storage: 'sqlite::memory:', log: { level: 'silent' } })
  const { url } = await app.listen(0)
  const send = (request: string, json: unknown, customer = 'ada') => {
    const [method = '', path = ''] = request.split(' ')
    const headers = { 'content-type': 'application/json', 'x-customer': customer, 'x-api-key': 'demo' }
    return fetch(`${url}${path}`, { method, headers, body: JSON.stringify(json) })
  }
  const place = async (customer = 'ada'): Promise<OrderView> => {
    const response = await send('POST /orders', { email: 'ada@example.com', items: [{ product: 'mug', quantity: 1 }] }, customer)
    expect(response.status).toBe(201)
    return (await response.json()) as OrderView
  }
  return { url, send, place, [Symbol.asyncDispose]: () => app.stop() }
}

/** A WebSocket of Ada's. `next` gives what comes, one after the other. */
async function connect(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers: { 'x-customer': 'ada' } } as never)
  const received: unknown[] = []
  socket.addEventListener('message', ({ data }) => received.push(JSON.parse(String(data))))
  await once(socket, 'open')
  const next = async (): Promise<unknown> => {
    await expect.poll(() => received.length).toBeGreaterThan(0)
    return received.shift()
  }
  const ask = (message: unknown): Promise<unknown> => {
    socket.send(JSON.stringify(message))
    return next()
  }
  const close = async (): Promise<void> => {
    socket.close()
    await once(socket, 'close')
  }
  return { next, ask, [Symbol.asyncDispose]: close }
}

describe('the WebSocket', () => {
  it('tells those who watch an order of theirs what becomes of it', async () => {
    await using shop = await start()
    const order = await shop.place()
    await using socket = await connect(shop.url)
    expect(await socket.ask({ action: 'watch', kind: 'order', id: order.id })).toEqual({ watching: [`order:${order.id}`] })
    await shop.send(`POST /orders/${order.id}/pay`, { amount: order.total })
    expect(await socket.next()).toEqual({ order: { ...order, status: 'paid' } })
    expect(await socket.ask({ action: 'unwatch', kind: 'order', id: order.id })).toEqual({ watching: [] })
    const foreign = await shop.place('eve')
    expect(await socket.ask({ action: 'watch', kind: 'order', id: foreign.id })).toMatchObject({ error: { code: 'NO_SUCH_ORDER' } })
    expect(await socket.ask({ action: 'stare' })).toMatchObject({ error: { code: 'TUTTI_VALIDATION' } })
  })

  it('tells those who watch a product its price and what is left of it', async () => {
    await using shop = await start()
    await using socket = await connect(shop.url)
    expect(await socket.ask({ action: 'watch', kind: 'product', id: 'mug' })).toEqual({ watching: ['product:mug'] })
    await shop.send('PUT /products/mug', { name: 'Mug', category: 'kitchen', price: 1 })
    expect(await socket.next()).toEqual({ product: { id: 'mug', name: 'Mug', category: 'kitchen', price: 1, stock: 5 } })
    await shop.place()
    expect(await socket.next()).toEqual({ product: { id: 'mug', name: 'Mug', category: 'kitchen', price: 1, stock: 4 } })
  })
})

describe('an open feed', () => {
  it('does not keep the shop from stopping', async () => {
    const shop = await start()
    const response = await fetch(`${shop.url}/orders/feed`, { headers: { 'last-event-id': '0' } })
    await shop[Symbol.asyncDispose]()
    expect(await response.text()).toMatch(/^(?::\n\n)+$/)
  })
})
