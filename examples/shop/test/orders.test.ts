import { expect, it } from 'vitest'
import { admin, codeOf, customerOf, describeShop, openShop, type Shop } from './shop.ts'

async function stockOf(shop: Shop, product: string): Promise<number> {
  return ((await shop.get(`/products/${product}`).expect(200)).body as { stock: number }).stock
}

describeShop('orders', (shop, storage) => {
  it('are placed, found by their customer alone, paid and shipped', async () => {
    const [ada, eve] = [customerOf(shop(), 'ada'), customerOf(shop(), 'eve')]
    const order = await ada.ordered({ sencha: 2, 'earl-grey': 1 })
    expect(order).toMatchObject({ customer: 'ada', total: 3290, status: 'open' })
    expect(await stockOf(shop(), 'sencha')).toBe(10)
    await ada.get(`/orders/${order.id}`).expect(200, order)
    expect(await codeOf(eve.get(`/orders/${order.id}`), 404)).toBe('NO_SUCH_ORDER')
    await ada.post(`/orders/${order.id}/pay`, { amount: 3290 }).expect(200, { ...order, status: 'paid' })
    const ship = { json: { parcel: 'P-1' }, headers: admin.headers }
    await shop()
      .post(`/orders/${order.id}/ship`, ship)
      .expect(200, { ...order, status: 'shipped' })
    expect(await codeOf(shop().post(`/orders/${order.id}/ship`, ship))).toBe('ORDER_NOT_PAID')
    expect(await stockOf(shop(), 'sencha')).toBe(10)
  })

  it('are listed for their customer, the newest first', async () => {
    const bob = customerOf(shop(), 'bob')
    await bob.get('/orders').expect(200, { items: [], total: 0, page: 1, pages: 0 })
    const first = await bob.ordered({ 'earl-grey': 1 })
    const second = await bob.ordered({ 'earl-grey': 2 })
    await bob.post(`/orders/${first.id}/pay`, { amount: 790 }).expect(200)
    const summaries = [
      { id: second.id, status: 'open', total: 1580, placedAt: second.placedAt },
      { id: first.id, status: 'paid', total: 790, placedAt: first.placedAt },
    ]
    await bob.get('/orders').expect(200, { items: summaries, total: 2, page: 1, pages: 1 })
    await bob.get('/orders?limit=1&page=2').expect(200, { items: summaries.slice(1), total: 2, page: 2, pages: 2 })
  })

  it('are rejected with a code that says why', async () => {
    const carl = customerOf(shop(), 'carl')
    const order = await carl.ordered({ mug: 2 })
    const { body } = await carl.order({ 'earl-grey': 1, mug: 4 }).expect(409)
    expect(body).toMatchObject({ code: 'OUT_OF_STOCK', product: 'mug', available: 3 })
    expect(await codeOf(carl.post(`/orders/${order.id}/pay`, { amount: 1 }))).toBe('WRONG_AMOUNT')
    await carl.post(`/orders/${order.id}/cancel`).expect(200, { ...order, status: 'cancelled' })
    expect(await stockOf(shop(), 'mug')).toBe(5)
    expect(await codeOf(carl.post(`/orders/${order.id}/cancel`))).toBe('ORDER_NOT_OPEN')
    expect(await codeOf(carl.post(`/orders/${order.id}/pay`, { amount: 2980 }))).toBe('ORDER_NOT_OPEN')
  })

  it('take nothing from the stock where one item is not there', async () => {
    const before = await stockOf(shop(), 'earl-grey')
    const dora = customerOf(shop(), 'dora')
    expect(await codeOf(dora.order({ 'earl-grey': 1, nothing: 1 }), 404)).toBe('NO_SUCH_PRODUCT')
    expect(await codeOf(dora.order({ 'earl-grey': 1, mug: 50 }))).toBe('OUT_OF_STOCK')
    expect(await stockOf(shop(), 'earl-grey')).toBe(before)
    await dora.get('/customers/me').expect(404)
  })

  it('are told everything that is wrong with them at once', async () => {
    const item = { product: 'mug', quantity: 1 }
    const { body } = await customerOf(shop(), 'ada')
      .post('/orders', { email: 'ada', items: [item, item] })
      .expect(422)
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(['body.email', 'body.items'])
    expect(await codeOf(customerOf(shop(), 'Ada Lovelace').get('/orders'), 400)).toBe('NO_CUSTOMER')
  })

  it('are placed once, however often a request with a key is sent', async () => {
    const headers = { 'x-customer': 'emil', 'idempotency-key': 'k-1' }
    const json = { email: 'emil@example.com', items: [{ product: 'house-blend', quantity: 3 }] }
    const answers = await Promise.all([1, 2, 3].map(() => shop().post('/orders', { json, headers }).expect(201)))
    const [order] = answers.map(({ body }) => body)
    for (const { body } of answers) expect(body).toEqual(order)
    await customerOf(shop(), 'emil')
      .post(`/orders/${(order as { id: string }).id}/cancel`)
      .expect(200)
    expect(await stockOf(shop(), 'house-blend')).toBe(25)
  })

  it('never sell more than there is, whoever is at it at the same time', async () => {
    const buyers = Array.from({ length: 20 }, (_, i) => customerOf(shop(), `buyer-${i}`))
    const answers = await Promise.all(buyers.map((buyer) => buyer.order({ mug: 1 })))
    const codes = answers.map(({ status, body }) => (status === 201 ? 'sold' : (body as { code: string }).code))
    expect(codes.filter((code) => code === 'sold')).toHaveLength(5)
    expect(codes.filter((code) => code === 'OUT_OF_STOCK')).toHaveLength(15)
    expect(await stockOf(shop(), 'mug')).toBe(0)
    const { body } = await shop().get('/products?q=mug').expect(200)
    expect(body).toMatchObject({ items: [{ id: 'mug', stock: 0 }] })
  })

  it('are the same in every process that shares the storage', async () => {
    const ada = customerOf(shop(), 'ada')
    const orders = (await ada.get('/orders').expect(200)).body
    await using other = await openShop(storage().url)
    await customerOf(other, 'ada').get('/orders').expect(200, orders)
    expect(await stockOf(other, 'sencha')).toBe(10)
    const { body: order } = await customerOf(other, 'ada').order({ sencha: 1 }).expect(201)
    await ada.get(`/orders/${(order as { id: string }).id}`).expect(200, order)
  })
})

describeShop('customers', (shop) => {
  it('register, or are known from their first order, and change their address', async () => {
    const [fay, gus] = [customerOf(shop(), 'fay'), customerOf(shop(), 'gus')]
    await fay.get('/customers/me').expect(404)
    await fay.put('/customers/me', { email: 'fay@example.com' }).expect(200, { id: 'fay', email: 'fay@example.com' })
    await fay.put('/customers/me', { email: 'fay@example.org' }).expect(200)
    await fay.get('/customers/me').expect(200, { id: 'fay', email: 'fay@example.org' }).expectHeader('etag', '"2"')
    await gus.ordered({ 'earl-grey': 1 })
    await gus.get('/customers/me').expect(200, { id: 'gus', email: 'gus@example.com' })
  })
})
