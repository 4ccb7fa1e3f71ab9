import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { OrderView } from '../src/orders/order-view.ts'
import { startProcess } from './child.ts'

const json = { 'content-type': 'application/json' }

async function place(url: string): Promise<OrderView> {
  const body = JSON.stringify({ email: 'ada@example.com', items: [{ product: 'mug', quantity: 1 }] })
  const response = await fetch(`${url}/orders`, { method: 'POST', body, headers: json })
  expect(response.status).toBe(201)
  return (await response.json()) as OrderView
}

async function get(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}

it.skipIf(process.platform === 'win32')('an order that was acknowledged is there after kill -9, and what it reserved as well', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'shop-test-'))
  const storage = `sqlite:${join(folder, 'shop.db')}`
  try {
    const killed = await startProcess(storage)
    const order = await place(killed.url)
    expect(await killed.end('SIGKILL')).toEqual([null, 'SIGKILL'])

    const shop = await startProcess(storage)
    try {
      expect(await get(`${shop.url}/orders/${order.id}`)).toEqual(order)
      expect(await get(`${shop.url}/products/mug`)).toMatchObject({ stock: 4 })
      const feed = await fetch(`${shop.url}/orders/feed`, { headers: { 'last-event-id': '0' } })
      let seen = ''
      for await (const chunk of feed.body ?? []) if ((seen += Buffer.from(chunk).toString()).includes(order.id)) break
      expect(await place(shop.url)).toMatchObject({ status: 'open' })
    } finally {
      expect(await shop.end('SIGTERM')).toEqual([0, null])
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
