import { expect, it } from 'vitest'
import { admin, codeOf, customerOf, describeShop, type Shop } from './shop.ts'

const card = '4242424242424242'
const declined = '4000000000000002'

interface View {
  readonly state: string
  readonly done: readonly string[]
  readonly waitsFor: readonly string[]
  readonly failure?: string
  readonly result?: unknown
}

/** An order that is being fulfilled. */
function fulfilmentOf(shop: Shop, customer: string, order: string) {
  const client = customerOf(shop, customer)
  const path = `/orders/${order}`
  const view = async (): Promise<View> => (await client.get(`${path}/fulfilment`).expect(200)).body as View
  return {
    view,
    checkout: (number: string) => client.post(`${path}/checkout`, { card: number }),
    approve: (ok: boolean) => shop.post(`${path}/approval`, { json: { ok }, headers: admin.headers }).expect(202),
    callOff: () => shop.delete(`${path}/fulfilment`, { headers: { 'x-customer': customer } }).expect(202),
    until: async (state: string): Promise<View> => {
      await expect.poll(async () => (await view()).state).toBe(state)
      return view()
    },
    status: async () => ((await client.get(path).expect(200)).body as { status: string }).status,
  }
}

async function stockOf(shop: Shop, product: string): Promise<number> {
  return ((await shop.get(`/products/${product}`).expect(200)).body as { stock: number }).stock
}

describeShop('orders that are checked out', (shop) => {
  it('are charged and shipped', async () => {
    const order = await customerOf(shop(), 'ada').ordered({ sencha: 2 })
    const fulfilment = fulfilmentOf(shop(), 'ada', order.id)
    await fulfilment.checkout(card).expect(202).expectHeader('location', `/orders/${order.id}/fulfilment`)
    const { result, done } = await fulfilment.until('completed')
    expect(result).toEqual({ parcel: expect.stringMatching(/^P-/), fee: 410 })
    expect(done).toEqual(expect.arrayContaining(['reserve', 'charge', 'pay', 'dispatch', 'ship']))
    expect(await fulfilment.status()).toBe('shipped')
    // Sent again, it is what has been done.
    await fulfilment.checkout(card).expect(202)
    await codeOf(customerOf(shop(), 'eve').get(`/orders/${order.id}/fulfilment`), 404)
  })

  it('are cancelled where the card is declined', async () => {
    const before = await stockOf(shop(), 'earl-grey')
    const order = await customerOf(shop(), 'bob').ordered({ 'earl-grey': 3 })
    const fulfilment = fulfilmentOf(shop(), 'bob', order.id)
    await fulfilment.checkout(declined).expect(202)
    expect(await fulfilment.until('compensated')).toMatchObject({ failure: 'CARD_DECLINED' })
    expect(await fulfilment.status()).toBe('cancelled')
    expect(await stockOf(shop(), 'earl-grey')).toBe(before)
  })

  it('wait for approval where they are expensive', async () => {
    await shop().post('/products/mug/deliveries', { json: { quantity: 500 }, headers: admin.headers })
    const order = await customerOf(shop(), 'carl').ordered({ mug: 40 })
    const fulfilment = fulfilmentOf(shop(), 'carl', order.id)
    await fulfilment.checkout(card).expect(202)
    expect((await fulfilment.until('waiting')).waitsFor).toEqual(['approval'])
    await fulfilment.approve(true)
    expect((await fulfilment.until('completed')).result).toMatchObject({ fee: 790 })
  })

  it('are undone where nobody approves, with the money back', async () => {
    const before = await stockOf(shop(), 'mug')
    const order = await customerOf(shop(), 'dora').ordered({ mug: 40 })
    const fulfilment = fulfilmentOf(shop(), 'dora', order.id)
    await fulfilment.checkout(card).expect(202)
    await fulfilment.until('waiting')
    await fulfilment.approve(false)
    const { failure, done } = await fulfilment.until('compensated')
    expect(failure).toContain('NOT_APPROVED')
    expect(done.filter((step) => step.startsWith('undo'))).toHaveLength(2)
    expect(await fulfilment.status()).toBe('cancelled')
    expect(await stockOf(shop(), 'mug')).toBe(before)
  })

  it('are undone where the parcel is too large, and with it what was done beside it', async () => {
    const order = await customerOf(shop(), 'emil').ordered({ mug: 70 })
    const fulfilment = fulfilmentOf(shop(), 'emil', order.id)
    await fulfilment.checkout(card).expect(202)
    await fulfilment.until('waiting')
    await fulfilment.approve(true)
    expect(await fulfilment.until('compensated')).toMatchObject({ failure: expect.stringContaining('TOO_LARGE') })
    expect(await fulfilment.status()).toBe('cancelled')
  })

  it('can be called off while they wait', async () => {
    const order = await customerOf(shop(), 'fay').ordered({ mug: 40 })
    const fulfilment = fulfilmentOf(shop(), 'fay', order.id)
    await fulfilment.checkout(card).expect(202)
    await fulfilment.until('waiting')
    await fulfilment.callOff()
    await fulfilment.until('cancelled')
    expect(await fulfilment.status()).toBe('cancelled')
  })

  it('have to be open', async () => {
    const order = await customerOf(shop(), 'gus').ordered({ 'earl-grey': 1 })
    await customerOf(shop(), 'gus').post(`/orders/${order.id}/cancel`).expect(200)
    const fulfilment = fulfilmentOf(shop(), 'gus', order.id)
    expect(await codeOf(fulfilment.checkout(card))).toBe('ORDER_NOT_OPEN')
    await fulfilment.checkout('card').expect(422)
    expect(await codeOf(customerOf(shop(), 'gus').get(`/orders/${order.id}/fulfilment`), 404)).toBe('TUTTI_RUN_UNKNOWN')
  })
})
