import type { App } from 'tutti'
import type * as z from 'zod'
import type { ProductPage } from '../catalogue/catalogue.ts'
import { fulfil } from '../fulfilment/fulfil.ts'
import type { Browser } from './browser.ts'

/** Below this a product is ordered again. */
const scarce = 100
const delivery = 200
/** Approvals that are left to whoever watches; the rest is approved. */
const leftToApprove = 5

/** Sees to it that there is always something to sell. */
export async function fillUp(browser: Browser): Promise<void> {
  const catalogue = await browser.get<z.infer<typeof ProductPage>>('/products')
  for (const { id, stock } of catalogue?.items ?? [])
    if (stock < scarce) await browser.post(`/products/${id}/deliveries`, { quantity: delivery })
}

/** Approves the oldest orders that wait for it, except some for whoever watches. */
export async function approve(app: Pick<App, 'runs'>, browser: Browser): Promise<void> {
  const { runs } = await app.runs.list({ workflow: fulfil.name, state: 'waiting', limit: 100 })
  const waiting = runs.filter(({ waitsFor }) => waitsFor.some(({ step }) => step === 'approval'))
  const oldest = waiting.toSorted((a, b) => Number(a.createdAt) - Number(b.createdAt)).slice(0, -leftToApprove)
  for (const { id } of oldest) await browser.post(`/orders/${id}/approval`, { ok: Math.random() < 0.8 })
}
