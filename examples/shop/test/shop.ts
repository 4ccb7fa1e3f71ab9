import { testApp, type TestRequest } from 'tutti/testing'
import { afterAll, beforeAll, describe } from 'vitest'
import { createShop } from '../src/app.ts'
import type { OrderView } from '../src/orders/order-view.ts'
import { storages, type OwnStorage } from './storages.ts'

export const admin = { headers: { 'x-api-key': 'demo' } }

/** A shop with a client for it. What a request has done is in the read models when it is answered. */
export async function openShop(storage: string) {
  return testApp(createShop({ storage, log: { level: 'silent' } }), { headers: { prefer: 'wait=60' } })
}

export type Shop = Awaited<ReturnType<typeof openShop>>

/** The same tests on all storages, each with one shop on a storage of its own. */
export function describeShop(name: string, tests: (shop: () => Shop, storage: () => OwnStorage) => void): void {
  for (const { name: kind, missing, create } of storages) {
    const title = `${name} on ${kind}${missing === undefined ? '' : ` (skipped: ${missing})`}`
    describe.skipIf(missing !== undefined)(title, () => {
      let storage: OwnStorage
      let shop: Shop
      beforeAll(async () => {
        storage = await create()
        shop = await openShop(storage.url)
      })
      afterAll(async () => {
        await shop.stop()
        await storage.remove()
      })
      tests(
        () => shop,
        () => storage,
      )
    })
  }
}

/** A customer of a shop. */
export function customerOf(shop: Shop, name: string) {
  const headers = { 'x-customer': name }
  return {
    get: (path: string): TestRequest => shop.get(path, { headers }),
    put: (path: string, json: unknown): TestRequest => shop.put(path, { headers, json }),
    post: (path: string, json?: unknown): TestRequest => shop.post(path, json === undefined ? { headers } : { headers, json }),
    order: (items: Readonly<Record<string, number>>): TestRequest =>
      shop.post('/orders', {
        headers,
        json: {
          email: `${name}@example.com`,
          items: Object.entries(items).map(([product, quantity]) => ({ product, quantity })),
        },
      }),
    async ordered(items: Readonly<Record<string, number>>): Promise<OrderView> {
      return (await this.order(items).expect(201)).body as OrderView
    },
  }
}

/** What a request was refused with. */
export async function codeOf(request: TestRequest, status = 409): Promise<string> {
  return ((await request.expect(status)).body as { code: string }).code
}
