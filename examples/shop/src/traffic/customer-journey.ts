import { setTimeout as pause } from 'node:timers/promises'
import type { OrderView } from '../orders/order-view.ts'
import type { ProductPage } from '../catalogue/catalogue.ts'
import type * as z from 'zod'
import type { Browser } from './browser.ts'

/** What is out of the ordinary about an order. */
interface Mood {
  readonly declinedCard: boolean
  readonly expensive: boolean
  readonly wrongAddress: boolean
  readonly callsOff: boolean
}

/** How likely it is. */
const likely: Readonly<Record<keyof Mood, number>> = { declinedCard: 1 / 8, expensive: 1 / 12, wrongAddress: 1 / 30, callsOff: 1 / 25 }

export function randomMood(): Mood {
  const happens = (what: keyof Mood): boolean => Math.random() < likely[what]
  return {
    declinedCard: happens('declinedCard'),
    expensive: happens('expensive'),
    wrongAddress: happens('wrongAddress'),
    callsOff: happens('callsOff'),
  }
}

const card = '4242424242424242'
/** The bank of this example declines it. */
const declined = '4000000000000002'
/** So many of the cheapest product need an approval, and are still a parcel. */
const many = 59

/** Looks around, orders something and pays for it. */
export async function visit(browser: Browser, name: string, mood: Mood): Promise<void> {
  const catalogue = await browser.get<z.infer<typeof ProductPage>>('/products')
  const product = pick(catalogue?.items ?? [])
  if (product === undefined) return
  await browser.get(`/products/${product.id}`)
  const order = await browser.post<OrderView>('/orders', {
    email: mood.wrongAddress ? `${name}@bounce.example` : `${name}@example.com`,
    items: [{ product: product.id, quantity: mood.expensive ? many : 1 + Math.floor(Math.random() * 3) }],
  })
  if (order === undefined) return
  await browser.post(`/orders/${order.id}/checkout`, { card: mood.declinedCard ? declined : card })
  if (mood.callsOff) await browser.delete(`/orders/${order.id}/fulfilment`)
  await pause(500)
  await browser.get(`/orders/${order.id}`)
}

function pick<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)]
}
