import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildConsole } from '../../../../scripts/console.mjs'
import { servicesRequired } from '../../../../scripts/needs.mjs'
import { startShop, type ShopProcess } from './shop-process.ts'

const root = join(import.meta.dirname, '../../../..')
const chromiumUrl = process.env['TUTTI_CHROMIUM_URL']
const missing = chromiumUrl === undefined && !servicesRequired()

/** Where screenshots go when somebody wants to look at them. */
const pictures = process.env['TUTTI_SCREENSHOTS']

/** How a page is opened. */
export interface Look {
  /** @default 1280 */
  readonly width?: number
  /** @default 'light' */
  readonly theme?: 'light' | 'dark'
}

/** The running shop, and pages of its Console. */
export interface Visit {
  readonly shop: string
  /** Opens a view by its address below the Console's path. Pages are closed, and have to have shown no errors, when the test ends. */
  readonly open: (path: string, look?: Look) => Promise<Page>
}

/**
 * Tests on the running shop in a real Chromium, which `npm test` brings up. Where there is none they fail in CI, and elsewhere are skipped
 * with the reason. Call it once in a file; it gives the function that makes a test.
 */
export function inChromium(): (name: string, work: (visit: Visit) => Promise<void>) => void {
  let browser: Browser | undefined
  let shop: ShopProcess | undefined

  beforeAll(async () => {
    if (missing) return
    await buildConsole(root)
    shop = await startShop()
    browser = await chromium.connectOverCDP(chromiumUrl ?? '')
  }, 240_000)

  afterAll(async () => {
    await browser?.close()
    await shop?.[Symbol.asyncDispose]()
  }, 120_000)

  return (name, work) =>
    it(name, { timeout: 240_000 }, async ({ skip }) => {
      if (missing) skip('TUTTI_CHROMIUM_URL is not set: npm test sets it where a Chromium is to be had')
      if (browser === undefined || shop === undefined) throw new Error('The shop or the browser did not start')
      const pages: OpenPage[] = []
      const [started, { url }] = [browser, shop]
      const open: Visit['open'] = async (path, look) => {
        const opened = await openPage(started, new URL(`console/${path}`, `${url}/`).href, look ?? {})
        pages.push(opened)
        return opened.page
      }
      try {
        await work({ shop: url, open })
        expect(pages.flatMap(({ errors }) => errors)).toEqual([])
      } finally {
        for (const { page } of pages) await page.context().close()
      }
    })
}

interface OpenPage {
  readonly page: Page
  readonly errors: string[]
}

async function openPage(browser: Browser, url: string, { width = 1280, theme = 'light' }: Look): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width, height: width < 500 ? 740 : 860 },
    colorScheme: theme,
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  // The machine may have much else to do.
  context.setDefaultTimeout(60_000)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  // What the content security policy forbids is told here as well. A request that is answered with an error is not the page's fault.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) errors.push(message.text())
  })
  await page.goto(url, { waitUntil: 'domcontentloaded' })
  return { page, errors }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What keeps people from using the page, in words: findings of axe that are serious or worse. */
export async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    const found: { violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] } = await Reflect.get(
      globalThis,
      'axe',
    ).run()
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} – ${failureSummary}`))
  })
}

/** Keeps a picture of the page where `TUTTI_SCREENSHOTS` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  if (pictures !== undefined) await page.screenshot({ path: join(pictures, `${name}.png`) })
}

/** Follows a link within the page, which is not loaded anew. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    const link = document.createElement('a')
    link.href = to === '' ? './' : to
    document.body.append(link)
    link.click()
    link.remove()
  }, path)
}

/** Whether the page has to be scrolled sideways. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)
}
