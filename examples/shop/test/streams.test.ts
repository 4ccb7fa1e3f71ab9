import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import type { Order } from '../src/orders/order.ts'

async function start() {
  const app = createShop({ log: { level: 'silent' } })
  const { url } = await app.listen(0)
  const place = async (customer = 'ada'): Promise<Order> => {
    const body = JSON.stringify({ email: 'ada@example.com', items: [{ product: 'mug', quantity: 1 }] })
    const response = await fetch(`${url}/orders`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-customer': customer },
    })
    expect(response.status).toBe(201)
    return (await response.json()) as Order
  }
  const pay = ({ id, total }: Order) =>
    fetch(`${url}/orders/${id}/pay`, {
      method: 'POST',
      body: JSON.stringify({ amount: total }),
      headers: { 'content-type': 'application/json', 'x-customer': 'ada' },
    })
  return { url, place, pay, [Symbol.asyncDispose]: () => app.stop() }
}

/** The events of a feed as they come. */
async function* follow(url: string, headers: Record<string, string>) {
  const response = await fetch(`${url}/orders/feed`, { headers: { 'x-customer': 'ada', ...headers } })
  let text = ''
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const { id, event, data } = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s)))
      if (data !== undefined) yield { id, event, order: JSON.parse(data) as Order }
    }
  }
}

async function take<T>(events: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  while (taken.length < count) taken.push((await events.next()).value as T)
  await events.return(undefined)
  return taken
}

describe('the feed', () => {
  it('sends a customer each change, and after a break what was missed', async () => {
    await using shop = await start()
    const order = await shop.place()
    await shop.place('eve')
    const [first] = await take(follow(shop.url, { 'last-event-id': '0' }), 1)
    expect(first).toMatchObject({ event: 'open', order })
    await shop.pay(order)
    const later = await shop.place()
    const missed = await take(follow(shop.url, { 'last-event-id': first?.id ?? '' }), 2)
    expect(missed).toMatchObject([
      { event: 'paid', order: { id: order.id } },
      { event: 'open', order: later },
    ])
  })

  it('does not keep the shop from stopping', async () => {
    const shop = await start()
    const order = await shop.place()
    const open = follow(shop.url, { 'last-event-id': '0' })
    expect((await open.next()).value).toMatchObject({ order: { id: order.id } })
    await shop[Symbol.asyncDispose]()
    expect(await open.next()).toMatchObject({ done: true })
  })
})

describe('the WebSocket', () => {
  it('tells those who watch a product or an order of theirs what becomes of it', async () => {
    await using shop = await start()
    const order = await shop.place()
    const socket = new WebSocket(`${shop.url.replace('http', 'ws')}/live`, { headers: { 'x-customer': 'ada' } } as never)
    const next = async () => JSON.parse(((await once(socket, 'message')) as [MessageEvent<string>])[0].data) as unknown
    await once(socket, 'open')
    const ask = (message: unknown) => {
      socket.send(JSON.stringify(message))
      return next()
    }
    expect(await ask({ action: 'watch', kind: 'order', id: order.id })).toEqual({ watching: [`order:${order.id}`] })
    const news = next()
    await shop.pay(order)
    expect(await news).toEqual({ order: { ...order, status: 'paid' } })
    expect(await ask({ action: 'unwatch', kind: 'order', id: order.id })).toEqual({ watching: [] })

    expect(await ask({ action: 'watch', kind: 'product', id: 'sencha' })).toEqual({ watching: ['product:sencha'] })
    const changed = next()
    const json = JSON.stringify({ name: 'Sencha', category: 'tea', price: 1, stock: 1 })
    await fetch(`${shop.url}/products/sencha`, {
      method: 'PUT',
      body: json,
      headers: { 'content-type': 'application/json', 'x-api-key': 'demo' },
    })
    expect(await changed).toMatchObject({ product: { id: 'sencha', price: 1, version: 2 } })

    const foreign = await shop.place('eve')
    expect(await ask({ action: 'watch', kind: 'order', id: foreign.id })).toMatchObject({ error: { code: 'NO_SUCH_ORDER' } })
    expect(await ask({ action: 'stare' })).toMatchObject({ error: { code: 'TUTTI_VALIDATION' } })
    socket.close()
    await once(socket, 'close')
  })
})

describe('pictures', () => {
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

  it('are uploaded by administrators within limits, and downloaded whole or in ranges', async () => {
    await using shop = await start()
    const url = `${shop.url}/products/mug/picture`
    const upload = (bytes: Buffer, type: string, key = 'demo') => {
      const form = new FormData()
      form.set('picture', new Blob([new Uint8Array(bytes)], { type }), 'mug.png')
      return fetch(url, { method: 'PUT', body: form, headers: { 'x-api-key': key } })
    }
    expect((await fetch(url)).status).toBe(404)
    expect((await upload(png, 'image/png', 'no')).status).toBe(401)
    expect((await upload(png, 'text/html')).status).toBe(415)
    expect((await upload(Buffer.alloc(2 * 1024 * 1024 + 1), 'image/png')).status).toBe(413)
    expect((await upload(png, 'image/png')).status).toBe(204)

    const whole = await fetch(url)
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'image/png'])
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(png)
    const part = await fetch(url, { headers: { range: 'bytes=0-3' } })
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 0-3/${png.length}`])
    expect(Buffer.from(await part.arrayBuffer())).toEqual(png.subarray(0, 4))
  })
})
