import { describe, expect } from 'vitest'
import type { ConsoleTrace, Page as PageOf } from 'tutti/console'
import { barriers, go, inChromium, isTooWide, picture } from './in-chromium.ts'

const test = inChromium()

/** An order, and a request that fails. */
async function trade(shop: string): Promise<void> {
  const order = { email: 'ada@example.com', items: [{ product: 'sencha', quantity: 1 }] }
  const headers = { 'content-type': 'application/json' }
  const placed = await fetch(`${shop}/orders`, { method: 'POST', headers, body: JSON.stringify(order) })
  expect(placed.status).toBe(201)
  await fetch(`${shop}/products?category=tea`)
}

/** The id of a trace that has become known to the Console. */
async function traceOf(shop: string, name: string): Promise<string> {
  let found: ConsoleTrace | undefined
  await expect
    .poll(async () => {
      const answer = await fetch(`${shop}/console/api/traces?text=${encodeURIComponent(name)}`)
      const { items }: PageOf<ConsoleTrace> = await answer.json()
      found = items.find((trace) => trace.name === name && trace.spans > 3)
      return found !== undefined
    })
    .toBe(true)
  return found?.traceId ?? ''
}

describe('the overview', () => {
  test('shows how the application goes, live', async ({ shop, open }) => {
    const page = await open('')
    const requests = page.getByRole('region', { name: 'Requests' })
    await requests.waitFor()
    await expect
      .poll(async () => {
        await fetch(`${shop}/products?category=tea`)
        return requests.locator('.value').textContent()
      })
      .not.toBe('0/s')
    await page.getByText('Healthy', { exact: true }).waitFor()
    await picture(page, 'overview')
    await requests.getByRole('link').click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/console/routes')
  })
})

describe('routes', () => {
  test('are searched, and the search is in the address', async ({ open }) => {
    const page = await open('routes')
    const table = page.getByRole('grid', { name: 'Routes' })
    await table.getByText('/products').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('checkout')
    await expect.poll(() => new URL(page.url()).searchParams.get('text')).toBe('checkout')
    await expect.poll(() => table.getByRole('row').count()).toBe(2)
    await table.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Request' }).getByText('/orders/:id/checkout').first().waitFor()
  })

  test('take a request made from their schema, asked once, and remember it', async ({ open }) => {
    const page = await open(`routes?route=${encodeURIComponent('POST /orders')}`)
    const request = page.getByRole('region', { name: 'Request' })
    await request.getByLabel('email').fill('grace@example.com')
    await request.getByLabel('product').fill('sencha')
    await request.getByLabel('quantity').fill('1')
    await request.getByRole('button', { name: 'Send' }).click()
    await page.getByRole('alertdialog', { name: 'Send this request?' }).getByRole('button', { name: 'Send' }).click()
    const answer = request.getByRole('region', { name: 'Answer' })
    await answer.getByText('201 Created').waitFor()
    await picture(page, 'route')
    expect(await barriers(page)).toEqual([])

    await request.getByRole('button', { name: 'Copy as curl' }).click()
    await expect
      .poll(() => page.evaluate(() => navigator.clipboard.readText()))
      .toMatch(/^curl -X POST 'http.+\/orders' \\\n {2}-H 'content-type: application\/json'/)
    await request.getByRole('button', { name: 'Copy as test' }).click()
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(`await t.post('/orders', {`)

    await request.getByRole('tab', { name: 'History' }).click()
    await request.getByRole('button', { name: /201/ }).click()
    await expect.poll(() => request.getByLabel('email').inputValue()).toBe('grace@example.com')
    await request.getByRole('tab', { name: 'Schemas' }).click()
    await request.getByRole('region', { name: 'Body as JSON' }).getByText('properties').first().waitFor()
  })

  test('lead from an answer to its trace', async ({ open }) => {
    const page = await open(`routes?route=${encodeURIComponent('GET /products/:id')}`)
    const request = page.getByRole('region', { name: 'Request' })
    await request.getByLabel('id').fill('no-such-tea')
    await request.getByRole('button', { name: 'Send' }).click()
    await request.getByRole('region', { name: 'Answer' }).getByText('404 Not Found').waitFor()
    const link = request.getByRole('link', { name: 'Open its trace' })
    const id = (await link.getAttribute('href'))?.split('/').at(-1) ?? ''
    await expect.poll(async () => (await fetch(new URL(`api/traces/${id}`, page.url().replace(/routes.*/, '')))).status).toBe(200)
    await link.click()
    await page.getByRole('tree', { name: 'Spans by time' }).getByText('GET /products/:id').waitFor()
  })

  test('lead to a trace whose spans come after what was logged in it', async ({ shop, open }) => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const [, traceId = ''] = traceparent.split('-')
    const page = await open('traces')
    const early = { id: 1, time: Date.now(), level: 'warn', message: 'early', fields: { traceId } }
    await page.route(
      `**/api/traces/${traceId}`,
      (route) => route.fulfill({ json: { traceId, spans: [], logs: [early], followedBy: [] } }),
      { times: 2 },
    )
    await go(page, `traces/${traceId}`)
    await page.getByText('early').waitFor()
    await expect
      .poll(async () => {
        await fetch(new URL('/products/no-such-tea', shop), { headers: { traceparent } })
        return page.getByRole('tree', { name: 'Spans by time' }).getByText('GET /products/:id').count()
      })
      .toBeGreaterThan(0)
  })
})

describe('traces', () => {
  test('appear as they happen, and are filtered', async ({ shop, open }) => {
    const page = await open('traces')
    const table = page.getByRole('grid', { name: 'Traces' })
    await trade(shop)
    await table.getByText('POST /orders', { exact: true }).first().waitFor()
    await picture(page, 'traces')
    expect(await barriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Failed' }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('status')).toBe('error')
    await page.getByLabel('At least so long').selectOption('10000')
    await page.getByText('Nothing that is kept fits these filters.').waitFor()
  })

  test('are waterfalls from the request to what it led to, with each span in detail', async ({ shop, open }) => {
    await trade(shop)
    const page = await open(`traces/${await traceOf(shop, 'POST /orders')}`)
    const tree = page.getByRole('tree', { name: 'Spans by time' })
    await tree.getByRole('treeitem', { name: /execute order\.place/ }).click()
    await page.getByRole('region', { name: 'Span' }).getByText('Attributes').waitFor()
    expect(new URL(page.url()).searchParams.get('span')).toMatch(/^[0-9a-f]{16}$/)
    await picture(page, 'trace')
    expect(await barriers(page)).toEqual([])
    const spans = await tree.getByRole('treeitem').count()
    await tree.getByRole('treeitem').first().focus()
    await page.keyboard.press('ArrowLeft')
    await expect.poll(() => tree.getByRole('treeitem').count()).toBeLessThan(spans)
    await page.keyboard.press('Escape')
    await expect.poll(() => new URL(page.url()).searchParams.get('span')).toBe(null)
  })
})

describe('logs', () => {
  test('come live, are filtered, and lead to their trace', async ({ shop, open }) => {
    const page = await open('logs')
    const table = page.getByRole('grid', { name: 'Log lines' })
    await page.getByText('Live', { exact: true }).waitFor()
    await trade(shop)
    const line = table.getByText('POST /orders 201').first()
    await line.waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByLabel('Level', { exact: true }).selectOption('fatal')
    await page.getByText('Nothing that is kept fits these filters.').waitFor()
    await page.getByLabel('Level', { exact: true }).selectOption('')
    await line.click()
    const detail = page.getByRole('region', { name: 'Log line' })
    await detail.getByRole('region', { name: 'fields as JSON' }).waitFor()
    await picture(page, 'logs')
    expect(await barriers(page)).toEqual([])
    await detail.getByRole('link').first().click()
    await page.getByRole('tree', { name: 'Spans by time' }).waitFor()
  })

  test('have levels that are changed after one question, and change nothing where it is denied', async ({ shop, open }) => {
    const page = await open('logs')
    await page.getByRole('button', { name: 'Levels' }).click()
    const levels = page.getByRole('dialog', { name: 'Log levels' })
    const question = page.getByRole('alertdialog')
    const now = async (): Promise<unknown> => (await fetch(`${shop}/console/api/log-levels`)).json()
    await levels.getByLabel('All that is not named below').selectOption('warn')
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(await now()).toMatchObject({ level: 'info' })
    await levels.getByLabel('All that is not named below').selectOption('debug')
    await question.getByRole('button', { name: 'Change' }).click()
    await expect.poll(now).toMatchObject({ level: 'debug' })
    await page.getByText('The application logs from "debug" on').waitFor()
  })

  test('of 100,000 lines draw those in sight alone', async ({ open }) => {
    const page = await open('')
    const items = Array.from({ length: 100_000 }, (_, index) => ({
      id: 100_000 - index,
      time: 1.7e12,
      level: 'info',
      message: `Line ${100_000 - index}`,
      fields: {},
    }))
    await page.route('**/api/logs*', (route) => route.fulfill({ json: { items } }))
    await page.getByRole('link', { name: 'Logs' }).first().click()
    const table = page.getByRole('grid', { name: 'Log lines' })
    await table.getByText('Line 100000', { exact: true }).waitFor()
    expect(await table.getByRole('row').count()).toBeLessThan(100)
    await table.focus()
    await page.keyboard.press('End')
    await table.getByText('Line 1', { exact: true }).waitFor()
    expect(await table.getByRole('row').count()).toBeLessThan(100)
  })
})

describe('metrics', () => {
  test('are charts of the instruments that are chosen', async ({ open }) => {
    const page = await open('metrics')
    await page.getByRole('checkbox', { name: /tutti\.events\.appended/ }).check()
    const chart = page.getByRole('region', { name: 'tutti.events.appended' })
    await chart.locator('canvas').or(chart.getByText('No values yet')).first().waitFor()
    expect(new URL(page.url()).searchParams.get('show')).toContain('tutti.events.appended')
    const duration = page.getByRole('region', { name: 'http.server.request.duration' })
    await duration.getByRole('button', { name: 'rate' }).click()
    await page.getByRole('button', { name: '1 h', exact: true }).click()
    await expect.poll(() => new URL(page.url()).searchParams.get('range')).toBe('1h')
    await picture(page, 'metrics')
    expect(await barriers(page)).toEqual([])
    await chart.getByRole('button', { name: 'Close tutti.events.appended' }).click()
    await chart.waitFor({ state: 'detached' })
  })
})

describe('each view', () => {
  const views = [
    { path: '', ready: 'Health' },
    { path: 'routes', ready: '/customers/me' },
    { path: `routes?route=${encodeURIComponent('POST /orders')}`, ready: 'Copy as curl' },
    { path: 'traces', ready: 'All that is kept' },
    { path: 'logs', ready: 'Levels' },
    { path: 'metrics', ready: 'tutti.command.duration' },
  ]
  for (const theme of ['light', 'dark'] as const)
    for (const width of [375, 1280])
      test(`is readable and fits at ${width} px, ${theme}`, async ({ open }) => {
        const page = await open('', { width, theme })
        for (const { path, ready } of views) {
          await go(page, path)
          await page.getByRole('main').getByText(ready).first().waitFor({ state: 'attached' })
          expect(await isTooWide(page), path).toBe(false)
          // Once for each theme and each width.
          if ((width === 375) === (theme === 'dark')) expect(await barriers(page), path).toEqual([])
          await picture(page, `${path.split('?')[0] || 'overview'}${path.includes('?') ? '-open' : ''}-${width}-${theme}`)
        }
      })
})
