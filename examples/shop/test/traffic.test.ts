import type { App } from 'tutti'
import { expect, it } from 'vitest'
import { createShop } from '../src/app.ts'
import { fulfil } from '../src/fulfilment/fulfil.ts'
import { Browser } from '../src/traffic/browser.ts'
import { visit } from '../src/traffic/customer-journey.ts'
import { approve, fillUp } from '../src/traffic/staff.ts'
import { traffic } from '../src/traffic/traffic.ts'
import { fileStorage } from './storages.ts'

const usual = { declinedCard: false, expensive: false, wrongAddress: false, callsOff: false }
const { signal } = new AbortController()

/** A shop on a storage of its own. */
async function openShop(change: (shop: App) => void = () => undefined): Promise<App & AsyncDisposable> {
  const storage = await fileStorage()
  const shop = createShop({ storage: storage.url, log: { level: 'silent' } })
  change(shop)
  await shop.start()
  return Object.assign(shop, {
    async [Symbol.asyncDispose]() {
      await shop.stop()
      await storage.remove()
    },
  })
}

it('visitors give everything to look at that can happen in a shop', async () => {
  await using shop = await openShop()
  const staff = new Browser(shop, { 'x-api-key': 'demo' }, signal)
  const states = async (): Promise<Record<string, number>> => {
    const { runs } = await shop.runs.list({ workflow: fulfil.name })
    return Object.fromEntries([...Map.groupBy(runs, ({ state }) => state)].map(([state, some]) => [state, some.length]))
  }
  const come = (mood: Partial<typeof usual>): Promise<void> => {
    return visit(new Browser(shop, { 'x-customer': 'ada' }, signal), 'ada', { ...usual, ...mood })
  }
  await fillUp(staff)
  await expect
    .poll(async () => (await staff.get<{ items: { stock: number }[] }>('/products'))?.items.every(({ stock }) => stock > 100))
    .toBe(true)
  await come({})
  await come({ declinedCard: true })
  await come({ wrongAddress: true })
  await Promise.all(Array.from({ length: 12 }, () => come({ expensive: true })))
  await expect.poll(states, { timeout: 60_000 }).toMatchObject({ completed: expect.any(Number), compensated: expect.any(Number) })
  await expect.poll(async () => (await shop.deadLetters.list()).map(({ of }) => of), { timeout: 60_000 }).toContain('confirmation-mail')
  const waiting = (await states())['waiting'] ?? 0
  await approve(shop, staff)
  await expect.poll(async () => (await states())['waiting'] ?? 0, { timeout: 60_000 }).toBe(Math.min(5, waiting))
})

it('visitors come by themselves, and leave when the shop closes', async () => {
  await using shop = await openShop((app) => app.use(traffic({ perSecond: 50 })))
  await expect.poll(async () => (await shop.runs.list({ workflow: fulfil.name })).runs.length, { timeout: 60_000 }).toBeGreaterThan(10)
})
