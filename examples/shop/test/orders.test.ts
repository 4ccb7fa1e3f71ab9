import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import type { Order } from '../src/orders/order.ts'

const start = () => testApp(createShop({ log: { level: 'silent' } }), { headers: { 'x-customer': 'ada' } })
type Shop = Awaited<ReturnType<typeof start>>
const json = { email: 'ada@example.com', items: [{ product: 'mug', quantity: 2 }] }

async function place(t: Shop): Promise<Order> {
  return (await t.post('/orders', { json }).expect(201)).body as Order
}

async function stock(t: Shop): Promise<number> {
  return ((await t.get('/products/mug').expect(200)).body as { stock: number }).stock
}

describe('orders', () => {
  it('are placed, found by their customer alone, and paid', async () => {
    await using t = await start()
    const order = await place(t)
    expect(order).toMatchObject({ customer: 'ada', total: 2980, status: 'open' })
    expect(await stock(t)).toBe(3)
    await t.get(`/orders/${order.id}`).expect(200, order)
    await t.get('/orders').expect(200, [order])
    await t.get(`/orders/${order.id}`, { headers: { 'x-customer': 'eve' } }).expect(404)
    await t.get('/orders', { headers: { 'x-customer': 'eve' } }).expect(200, [])
    await t.post(`/orders/${order.id}/pay`, { json: { amount: 2980 } }).expect(200, { ...order, status: 'paid' })
  })

  it('are rejected with a code that says why', async () => {
    await using t = await start()
    const codeOf = async (request: ReturnType<typeof t.post>) => ((await request.expect(409)).body as { code: string }).code
    const order = await place(t)
    expect(await codeOf(t.post('/orders', { json: { ...json, items: [{ product: 'mug', quantity: 4 }] } }))).toBe('OUT_OF_STOCK')
    expect(await codeOf(t.post(`/orders/${order.id}/pay`, { json: { amount: 1 } }))).toBe('WRONG_AMOUNT')
    await t.post(`/orders/${order.id}/cancel`).expect(200)
    expect(await stock(t)).toBe(5)
    expect(await codeOf(t.post(`/orders/${order.id}/cancel`))).toBe('ORDER_NOT_OPEN')
    expect(await codeOf(t.post(`/orders/${order.id}/pay`, { json: { amount: 2980 } }))).toBe('ORDER_NOT_OPEN')
  })

  it('take nothing from the stock where one item is not there', async () => {
    await using t = await start()
    const items = [...json.items, { product: 'nothing', quantity: 1 }]
    await t.post('/orders', { json: { ...json, items } }).expect(404)
    expect(await stock(t)).toBe(5)
  })

  it('are told everything that is wrong with them at once', async () => {
    await using t = await start()
    const { body } = await t.post('/orders', { json: { email: 'ada', items: [...json.items, ...json.items] } }).expect(422)
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(['body.email', 'body.items'])
  })
})
