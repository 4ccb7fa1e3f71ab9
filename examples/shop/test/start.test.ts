import { describe, expect, it } from 'vitest'
import { openShop } from './shop.ts'
import { storages } from './storages.ts'

describe('processes of the shop that start for the first time at once', () => {
  it.for(storages)('share what there is, on $name', async ({ create, missing }, { skip }) => {
    if (missing !== undefined) skip(missing)
    const storage = await create()
    try {
      const shops = await Promise.all(Array.from({ length: 3 }, () => openShop(storage.url)))
      try {
        for (const shop of shops)
          await shop.get('/products/mug').expect(200, { id: 'mug', name: 'Mug', category: 'kitchen', price: 1490, stock: 5 })
        for (const shop of shops)
          await expect
            .poll(async () => (await shop.get('/products')).body)
            .toMatchObject({ total: 4, items: [{}, {}, { id: 'mug', stock: 5 }, {}] })
      } finally {
        await Promise.all(shops.map((shop) => shop.stop()))
      }
    } finally {
      await storage.remove()
    }
  })
})
