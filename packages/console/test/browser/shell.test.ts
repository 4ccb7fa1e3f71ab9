import { describe, expect } from 'vitest'
import { barriers, inChromium, isTooWide, picture } from './in-chromium.ts'

const test = inChromium()

describe('the shell of the Console', () => {
  test('leads to every view by mouse, keys and address, and back', async ({ open }) => {
    const page = await open('')
    const heading = page.getByRole('heading', { level: 1 })
    await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: 'Routes' }).click()
    await expect.poll(() => heading.textContent()).toBe('Routes')
    expect(new URL(page.url()).pathname).toBe('/console/routes')
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await expect.poll(() => heading.textContent()).toBe('Metrics')
    await page.goBack()
    await expect.poll(() => heading.textContent()).toBe('Routes')
    await page.reload()
    await expect.poll(() => heading.textContent()).toBe('Routes')
    await expect.poll(() => page.title()).toBe('Routes · shop')
  })

  test('says so where an address leads nowhere', async ({ open }) => {
    const page = await open('no-such-view')
    await page.getByText('There is no such view').waitFor()
    await page.getByRole('link', { name: 'To the overview' }).click()
    await expect.poll(() => new URL(page.url()).pathname).toBe('/console/')
  })

  test('finds views, routes and actions in the command palette', async ({ open }) => {
    const page = await open('')
    await page.getByText('Live', { exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    const palette = page.getByRole('dialog', { name: 'Search and commands' })
    await page.keyboard.type('checkout')
    await palette.getByRole('option', { name: 'POST /orders/:id/checkout' }).waitFor()
    await page.keyboard.press('Enter')
    await expect.poll(() => new URL(page.url()).searchParams.get('route')).toBe('POST /orders/:id/checkout')
    await page.keyboard.press('Control+k')
    await page.keyboard.type('dark colours')
    await picture(page, 'palette')
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Enter')
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark')
    await page.reload()
    await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
  })

  test('shows its shortcuts, and gives the focus back', async ({ open }) => {
    const page = await open('')
    await page.getByText('Live', { exact: true }).waitFor()
    const button = page.getByRole('button', { name: 'Keyboard shortcuts' })
    await button.focus()
    await page.keyboard.press('?')
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await dialog.getByText('Search and commands').waitFor()
    expect(await barriers(page)).toEqual([])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => button.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('says when the application is gone, and comes back with it', async ({ open }) => {
    const page = await open('')
    const status = page.locator('.connection')
    await expect.poll(() => status.textContent()).toContain('Live')
    // The stream that is open goes on; the one for the next view fails until the way is free again.
    await page.route('**/api/stream*', (route) => route.abort())
    await page.getByRole('link', { name: 'Logs' }).click()
    await expect.poll(() => status.textContent()).toContain('Reconnecting')
    await page.unroute('**/api/stream*')
    await expect.poll(() => status.textContent(), { timeout: 60_000 }).toContain('Live')
  })

  test('is fit for a phone', async ({ open }) => {
    const page = await open('', { width: 375 })
    await page.getByRole('heading', { name: 'Health' }).waitFor()
    expect(await isTooWide(page)).toBe(false)
    await page.getByRole('button', { name: 'More' }).click()
    const drawer = page.getByRole('dialog', { name: 'All views' })
    await drawer.getByRole('link', { name: 'Metrics' }).click()
    await expect.poll(() => page.getByRole('heading', { level: 1 }).textContent()).toBe('Metrics')
    expect(await drawer.isVisible()).toBe(false)
  })
})
