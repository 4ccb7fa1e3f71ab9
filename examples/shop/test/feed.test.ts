import { expect, it } from 'vitest'
import { customerOf, describeShop, openShop } from './shop.ts'
import { follow, take } from './server-sent.ts'

describeShop('the feed', (shop, storage) => {
  it('sends a customer each change, and after a break what was missed', async () => {
    const ada = customerOf(shop(), 'ada')
    const order = await ada.ordered({ sencha: 1 })
    await customerOf(shop(), 'eve').ordered({ sencha: 1 })
    const [first] = await take(await follow(shop(), { customer: 'ada', last: '0' }), 1)
    expect(first).toMatchObject({ event: 'open', order })
    await ada.post(`/orders/${order.id}/pay`, { amount: order.total }).expect(200)
    const later = await ada.ordered({ sencha: 2 })
    const missed = await take(await follow(shop(), { customer: 'ada', last: first?.id }), 2)
    expect(missed).toMatchObject([
      { event: 'paid', order: { id: order.id } },
      { event: 'open', order: later },
    ])
  })

  it('sends what happens while it is open, in whichever process', async () => {
    await using other = await openShop(storage().url)
    const bob = customerOf(shop(), 'bob')
    const feed = await follow(other, { customer: 'bob' })
    const order = await bob.ordered({ 'earl-grey': 1 })
    await bob.post(`/orders/${order.id}/cancel`).expect(200)
    expect(await take(feed, 2)).toMatchObject([
      { event: 'open', order },
      { event: 'cancelled', order: { id: order.id } },
    ])
  })
})
