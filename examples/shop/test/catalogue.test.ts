import { testApp } from 'tutti/testing'
import { describe, expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import { config } from '../src/settings.ts'

const start = () => testApp(createShop({ log: { level: 'silent' } }))
const admin = { headers: { 'x-api-key': 'demo' } }
const chai = { id: 'chai', name: 'Chai', category: 'tea', price: 690, stock: 3 }
const { id: _, ...details } = chai

describe('the catalogue', () => {
  it('is searched by name, categories and price, page by page', async () => {
    await using t = await start()
    const idsOf = async (query: string) => {
      const { body } = await t.get(`/products?${query}`).expect(200)
      return (body as { items: { id: string }[] }).items.map(({ id }) => id)
    }
    expect(await idsOf('q=earl')).toEqual(['earl-grey'])
    expect(await idsOf('category=tea&category=kitchen')).toEqual(['earl-grey', 'sencha', 'mug'])
    expect(await idsOf('maxPrice=1000')).toEqual(['earl-grey', 'house-blend'])
    expect(await idsOf('limit=3&page=2')).toEqual(['mug'])
    const { body } = await t.get('/products?limit=1000&page=x').expect(422)
    expect((body as { errors: { path: string }[] }).errors.map(({ path }) => path)).toEqual(['query.page', 'query.limit'])
  })

  it('is changed by administrators alone', async () => {
    await using t = await start()
    await t.post('/products', { json: chai }).expect(401).expectHeader('www-authenticate', 'ApiKey')
    await t.post('/products', { json: chai, headers: { 'x-api-key': 'demo2' } }).expect(401)
    await t
      .post('/products', { json: chai, ...admin })
      .expect(201, { ...chai, version: 1 })
      .expectHeader('location', '/products/chai')
    const { body } = await t.post('/products', { json: chai, ...admin }).expect(409)
    expect(body).toMatchObject({ code: 'PRODUCT_EXISTS' })
    await t.delete('/products/chai').expect(401)
    await t.delete('/products/chai', admin).expect(204)
    await t.get('/products/chai').expect(404)
  })

  it('tells whether a product has changed, and keeps two administrators from overwriting each other', async () => {
    await using t = await start()
    const { headers } = await t.get('/products/mug').expect(200)
    const etag = headers.get('etag') ?? ''
    await t.get('/products/mug', { headers: { 'if-none-match': etag } }).expect(304)
    const change = () => t.put('/products/mug', { json: details, headers: { ...admin.headers, 'if-match': etag } })
    await change().expect(200, { ...details, id: 'mug', version: 2 })
    const { body } = await change().expect(412)
    expect(body).toMatchObject({ code: 'PRODUCT_CHANGED' })
    await t.get('/products/mug', { headers: { 'if-none-match': etag } }).expect(200)
  })

  it('takes its settings from the environment, and says which one is wrong', () => {
    expect(config.load({ env: { SHOP_ADMIN_KEY: 'a'.repeat(16) } }).adminKey).toBe('a'.repeat(16))
    expect(() => config.load({ env: { SHOP_FEED_SIZE: 'many' } })).toThrow(/SHOP_FEED_SIZE/)
  })
})
