import { expect, it } from 'vitest'
import { config } from '../src/settings.ts'
import { admin, codeOf, describeShop } from './shop.ts'

const chai = { id: 'chai', name: 'Chai', category: 'tea', price: 690, stock: 3 }

describeShop('the catalogue', (shop) => {
  const idsOf = async (query: string): Promise<string[]> => {
    const { body } = await shop().get(`/products?${query}`).expect(200)
    return (body as { items: { id: string }[] }).items.map(({ id }) => id)
  }

  it('is stocked when the shop starts, and searched by name, categories and price, page by page', async () => {
    await expect.poll(() => idsOf('')).toEqual(['earl-grey', 'house-blend', 'mug', 'sencha'])
    expect(await idsOf('q=EARL')).toEqual(['earl-grey'])
    expect(await idsOf('q=%25')).toEqual([])
    expect(await idsOf('category=tea')).toEqual(['earl-grey', 'sencha'])
    expect(await idsOf('category=tea&category=kitchen')).toEqual(['earl-grey', 'mug', 'sencha'])
    expect(await idsOf('maxPrice=1000')).toEqual(['earl-grey', 'house-blend'])
    expect(await idsOf('limit=3&page=2')).toEqual(['sencha'])
    const mug = { id: 'mug', name: 'Mug', category: 'kitchen', price: 1490, stock: 5 }
    await expect
      .poll(async () => (await shop().get('/products?q=mug').expect(200)).body)
      .toEqual({ items: [mug], total: 1, page: 1, pages: 1 })
    await shop().get('/products/mug').expect(200, mug)
    const { body } = await shop().get('/products?limit=1000&page=x').expect(422)
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(['query.page', 'query.limit'])
  })

  it('is changed by administrators alone', async () => {
    const t = shop()
    await t.post('/products', { json: chai }).expect(401).expectHeader('www-authenticate', 'ApiKey')
    await t.post('/products', { json: chai, headers: { 'x-api-key': 'demo2' } }).expect(401)
    await t
      .post('/products', { json: chai, ...admin })
      .expect(201, chai)
      .expectHeader('location', '/products/chai')
    expect(await idsOf('q=chai')).toEqual(['chai'])
    expect(await codeOf(t.post('/products', { json: chai, ...admin }))).toBe('PRODUCT_EXISTS')
    await t.post('/products/chai/deliveries', { json: { quantity: 4 }, ...admin }).expect(200, { ...chai, stock: 7 })
    await t.delete('/products/chai').expect(401)
    await t.delete('/products/chai', admin).expect(204)
    expect(await codeOf(t.get('/products/chai'), 404)).toBe('NO_SUCH_PRODUCT')
    expect(await codeOf(t.delete('/products/chai', admin), 404)).toBe('NO_SUCH_PRODUCT')
    expect(await idsOf('q=chai')).toEqual([])
  })

  it('tells whether it has changed, and keeps two administrators from overwriting each other', async () => {
    const t = shop()
    const details = { name: 'Sencha', category: 'tea', price: 1300 }
    const { headers: found } = await t.get('/products?q=sencha').expect(200)
    const list = { headers: { 'if-none-match': found.get('etag') ?? '' } }
    await t.get('/products?q=sencha', list).expect(304)
    const { headers } = await t.get('/products/sencha').expect(200)
    const change = () => t.put('/products/sencha', { json: details, headers: { ...admin.headers, 'if-match': headers.get('etag') ?? '' } })
    await change()
      .expect(200, { id: 'sencha', ...details, stock: 12 })
      .expectHeader('etag', '"2"')
    expect(await codeOf(change(), 412)).toBe('TUTTI_PRECONDITION_FAILED')
    await t.get('/products?q=sencha', list).expect(200)
  })
})

it('takes its settings from the environment, and says which one is wrong', () => {
  expect(config.load({ env: { SHOP_ADMIN_KEY: 'a'.repeat(16) } }).adminKey).toBe('a'.repeat(16))
  expect(() => config.load({ env: { SHOP_MAIL_FROM: 'nobody' } })).toThrow(/SHOP_MAIL_FROM/)
})
