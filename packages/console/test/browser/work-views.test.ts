import { describe, expect } from 'vitest'
import type { Page } from 'playwright-core'
import { barriers, inChromium, isTooWide, picture } from './in-chromium.ts'

const test = inChromium()
const json = { 'content-type': 'application/json', 'x-api-key': 'demo', 'x-customer': 'ada' }

async function post(url: string, body: unknown): Promise<{ readonly id: string }> {
  const answer = await fetch(url, { method: 'POST', headers: json, body: JSON.stringify(body) })
  expect(answer.ok).toBe(true)
  return answer.json()
}

/** An order that is checked out; its id is that of the run that fulfils it. */
async function order(shop: string, { quantity = 1, card = '4242424242424242', email = 'ada@example.com' } = {}): Promise<string> {
  await post(`${shop}/products/sencha/deliveries`, { quantity: 100 })
  const { id } = await post(`${shop}/orders`, { email, items: [{ product: 'sencha', quantity }] })
  await post(`${shop}/orders/${id}/checkout`, { card })
  return id
}

/** Answers the question that is asked before something is changed. */
async function confirm(page: Page, title: RegExp, action: string): Promise<void> {
  await page.getByRole('alertdialog', { name: title }).getByRole('button', { name: action, exact: true }).click()
}

describe('events', () => {
  test('come live, are filtered, and are told with what led to them', async ({ shop, open }) => {
    const page = await open('events')
    const table = page.getByRole('grid', { name: 'Events' })
    const id = await order(shop)
    await table.getByText(`order-${id}`).first().waitFor()
    await page.getByLabel('Types, separated by commas').fill('order.placed')
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('types')).toBe('order.placed')
    await table.getByRole('link', { name: 'order.placed' }).first().click()
    const detail = page.getByRole('region', { name: /^Event \d+$/ })
    await detail.getByRole('region', { name: 'Data as JSON' }).getByText('"ada@example.com"').waitFor()
    await detail.getByRole('group', { name: 'What led to the event, and what followed' }).getByText('order.placed').first().waitFor()
    await picture(page, 'event')
    expect(await barriers(page)).toEqual([])
    await detail.getByRole('link', { name: 'state' }).click()
    await page.getByRole('slider', { name: 'Version' }).waitFor()
  })

  test('are found by stream', async ({ shop, open }) => {
    await order(shop)
    const page = await open('events/streams?prefix=stock-')
    const streams = page.getByRole('grid', { name: 'Streams' })
    await streams.getByRole('link', { name: 'stock-sencha' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('text')).toBe('stock-sencha')
    await page.getByRole('grid', { name: 'Events' }).getByText('stock.received').first().waitFor()
  })
})

describe('aggregates', () => {
  test('are shown at any version, with what it changed', async ({ shop, open }) => {
    await order(shop)
    const page = await open('aggregates/stock/sencha')
    const state = page.getByRole('region', { name: 'State as JSON' })
    await state.getByText('onHand').waitFor()
    await page.getByRole('slider', { name: 'Version' }).fill('2')
    await expect.poll(() => new URL(page.url()).searchParams.get('version')).toBe('2')
    await page.getByText(/^2 of \d+$/).waitFor()
    await page.getByRole('list', { name: 'Changes' }).getByText('onHand').waitFor()
    await picture(page, 'aggregate')
    expect(await barriers(page)).toEqual([])
  })
})

describe('projections', () => {
  test('are paused, resumed and rebuilt, each after one question', async ({ open }) => {
    const page = await open('projections/order-list')
    const detail = page.getByRole('region', { name: 'order-list' })
    await detail.getByRole('button', { name: 'Pause…' }).click()
    await confirm(page, /Pause order-list/, 'Pause')
    await detail.getByText('paused', { exact: true }).waitFor()
    await detail.getByRole('button', { name: 'Resume…' }).click()
    await confirm(page, /Resume order-list/, 'Resume')
    await detail.getByRole('button', { name: 'Rebuild…' }).click()
    await confirm(page, /Rebuild order-list/, 'Rebuild')
    await page.getByText('order-list: rebuild').waitFor()
    await detail.getByText('running', { exact: true }).waitFor()
    await picture(page, 'projection')
    expect(await barriers(page)).toEqual([])
  })
})

describe('commands and queries', () => {
  test('are sent from a form, and answered', async ({ open }) => {
    const page = await open('commands/stock.receive')
    const detail = page.getByRole('region', { name: 'stock.receive' })
    await detail.getByLabel('Id of the stock').fill('mug')
    await detail.getByLabel('quantity').fill('7')
    await detail.getByRole('button', { name: 'Send…' }).click()
    await confirm(page, /Send stock.receive/, 'Send')
    await detail.getByRole('region', { name: 'Answer' }).getByText('done').waitFor()
    await picture(page, 'command')
    expect(await barriers(page)).toEqual([])
    await detail.getByRole('link', { name: 'the stock' }).click()
    await page.getByRole('region', { name: 'State as JSON' }).getByText('onHand').waitFor()
  })

  test('tell why they were refused', async ({ open }) => {
    const page = await open('commands/order.ship')
    const detail = page.getByRole('region', { name: 'order.ship' })
    await detail.getByLabel('Id of the order').fill('no-such-order')
    await detail.getByLabel('parcel').fill('P-1')
    await detail.getByRole('button', { name: 'Send…' }).click()
    await confirm(page, /Send order.ship/, 'Send')
    await detail.getByRole('region', { name: 'Answer' }).getByText('ORDER_NOT_PAID').waitFor()
  })
})

describe('runs', () => {
  test('wait for somebody who approves, and go on', async ({ shop, open }) => {
    const id = await order(shop, { quantity: 59 })
    const page = await open(`runs/fulfil/${id}`)
    const detail = page.getByRole('region', { name: id })
    await detail.getByText('Waits for').waitFor()
    await detail
      .getByRole('group', { name: /The saga fulfil/ })
      .getByText('approval')
      .waitFor()
    await picture(page, 'run-waits')
    expect(await barriers(page)).toEqual([])
    await detail.getByRole('button', { name: 'Signal approval…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Signal approval' })
    await dialog.getByLabel('ok').check()
    await dialog.getByRole('button', { name: 'Send…' }).click()
    await confirm(page, /Send the signal approval/, 'Send')
    await detail.getByText('completed', { exact: true }).first().waitFor()
    await detail.getByRole('button', { name: /^charge/ }).click()
    await detail.getByText('ended at').waitFor()
    await picture(page, 'run-completed')
  })

  test('that fail tell why and what was undone', async ({ shop, open }) => {
    const id = await order(shop, { card: '4000000000000002' })
    const page = await open('runs')
    const table = page.getByRole('grid', { name: 'Runs' })
    await page.getByLabel('State', { exact: true }).selectOption('compensated')
    await table.getByRole('link', { name: id }).click()
    await page.getByRole('region', { name: 'Why it failed' }).getByText('CARD_DECLINED').first().waitFor()
    await picture(page, 'run-compensated')
    expect(await barriers(page)).toEqual([])
  })

  test('are cancelled, and what they did is undone', async ({ shop, open }) => {
    const id = await order(shop, { quantity: 58 })
    const page = await open(`runs/fulfil/${id}`)
    const detail = page.getByRole('region', { name: id })
    await detail.getByText('Waits for').waitFor()
    await detail.getByRole('button', { name: 'Cancel…' }).click()
    await confirm(page, /Cancel this run/, 'Cancel the run')
    await detail.getByText('cancelled', { exact: true }).first().waitFor()
  })
})

describe('dead letters', () => {
  test('are looked at, replayed and discarded', async ({ shop, open }) => {
    const page = await open('dead-letters')
    await order(shop, { email: 'ada@bounce.example' })
    await page.getByRole('link', { name: 'confirmation-mail' }).first().click()
    const detail = page.getByRole('region', { name: 'order.placed' })
    await detail.getByText('550 No such mailbox.').first().waitFor()
    await picture(page, 'dead-letter')
    expect(await barriers(page)).toEqual([])
    await detail.getByRole('button', { name: 'Replay…' }).click()
    await confirm(page, /Replay it/, 'Replay')
    await page.getByText('It is handled again').waitFor()
    // It fails again, and comes back.
    await page.getByRole('link', { name: 'confirmation-mail' }).first().click()
    await detail.getByRole('button', { name: 'Discard…' }).click()
    await confirm(page, /Discard it/, 'Discard')
    await page.getByText('Nothing was set aside').waitFor()
    await page.goto(new URL('audit', page.url()).href)
    await page
      .getByRole('grid', { name: /changed through the Console/ })
      .getByText(/discard/)
      .first()
      .waitFor()
    await picture(page, 'audit')
    expect(await barriers(page)).toEqual([])
  })
})

describe('the map', () => {
  test('shows what the application is made of, and leads there', async ({ open }) => {
    const page = await open('map?text=order.placed')
    const map = page.getByRole('group', { name: 'What the application is made of' })
    await map.getByText('confirmation-mail').waitFor()
    await picture(page, 'map')
    expect(await barriers(page)).toEqual([])
    await map.getByRole('link', { name: /order\.place$/ }).click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/console/commands/order.place')
  })
})

describe('on a phone, in the dark', () => {
  for (const view of ['events', 'aggregates/stock/sencha', 'projections', 'commands', 'runs', 'dead-letters', 'map', 'audit']) {
    test(`${view} can be used`, async ({ open }) => {
      const page = await open(view, { width: 375, theme: 'dark' })
      await page.getByRole('main').locator('.page').waitFor()
      await expect.poll(() => page.locator('.skeleton').count()).toBe(0)
      await picture(page, `phone-${view.split('/')[0]}`)
      expect(await isTooWide(page)).toBe(false)
      expect(await barriers(page)).toEqual([])
    })
  }
})
