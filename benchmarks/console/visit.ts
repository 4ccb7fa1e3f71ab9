import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'

/** How a view did. Times are in milliseconds. */
export interface Seen {
  /** From following a link to it until its rows, or what else it shows, were drawn. */
  readonly shown: number
  /** The longest for which the page could not have answered a key press, while it came up and was scrolled. */
  readonly longestTask: number
  /** How many rows had been fetched in the end. */
  readonly rows: number
}

/** A view, and how its content is told from its frame. */
export interface View {
  readonly path: string
  /** A selector of what is there once the view has its data. */
  readonly ready: string
  /** How often it is scrolled to its end, which fetches more; none where it has no long table. */
  readonly scrolls?: number
}

/** A page of the Console in a real Chromium. */
export class Visit implements AsyncDisposable {
  readonly #page: Page
  readonly #leave: () => Promise<void>

  private constructor(page: Page, leave: () => Promise<void>) {
    this.#page = page
    this.#leave = leave
  }

  /** Opens the Console of an application; `browser` is where Chromium's protocol for tools is served. */
  static async open(browser: string, app: string): Promise<Visit> {
    const opened = await chromium.connectOverCDP(browser)
    const context = await opened.newContext({ viewport: { width: 1280, height: 860 } })
    const page = await context.newPage()
    await page.goto(new URL('console/', app).href)
    await page.locator('main').waitFor()
    await page.evaluate(readFileSync(join(import.meta.dirname, 'in-page.js'), 'utf8'))
    return new Visit(page, async () => {
      await context.close()
      await opened.close()
    })
  }

  /** Follows a link to a view within the page, and scrolls in it. */
  async see(view: View): Promise<Seen> {
    return this.#page.evaluate<Seen, View>((one) => Reflect.get(globalThis, 'see')(one), view)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#leave()
  }
}
