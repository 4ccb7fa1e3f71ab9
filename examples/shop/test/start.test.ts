import { describe, expect, it } from 'vitest'
import { openShop } from './shop.ts'
import { storages } from './storages.ts'

describe('processes of the shop that start for the first time at once', () => {
  it.for(storages)('share what there is, on $name', { timeout: 60_000 }, async ({ create, missing }, { skip }) => {
    if (missing !== undefined) skip(missing)
    const storage = await create()
    try {
      const shops = await Promise.all(Array.from({ length: 3 }, () => openShop(storage.url)))
      try {
        for (const shop of shops)
          await shop.get('/products/mug').expect(200, { id: 'mug', name: 'Mug', category: 'kitchen', price: 1490, stock: 5 })
        await expect
          .poll(
            async () =>
              (await Promise.all(shops.map((shop) => shop.get('/products')))).map(({ body }) => (body as { total: number }).total),
            {
              timeout: 30_000,
            },
          )
          .toEqual([4, 4, 4])
      } finally {
        await Promise.all(shops.map((shop) => shop.stop()))
      }
    } finally {
      await storage.remove()
    }
  })
})
