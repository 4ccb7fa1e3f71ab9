import { setTimeout as pause } from 'node:timers/promises'
import type { App, Plugin } from 'tutti'
import { Browser } from './browser.ts'
import { randomMood, visit } from './customer-journey.ts'
import { approve, fillUp } from './staff.ts'

const names = [
  'ada',
  'alan',
  'barbara',
  'donald',
  'edsger',
  'frances',
  'grace',
  'hedy',
  'joan',
  'katherine',
  'ken',
  'margaret',
  'radia',
  'tony',
]
/** How often the staff looks after things, in milliseconds. */
const round = 5_000

/** Visitors who come by themselves and order, so that there is something to see: some have no money left, some a wrong address. */
export function traffic({ perSecond = 1, adminKey = 'demo' }: { readonly perSecond?: number; readonly adminKey?: string } = {}): Plugin {
  const closing = new AbortController()
  const { signal } = closing
  const going = new Set<Promise<void>>()
  /** What a visitor cannot do today nobody has to hear of, once the shop closes. */
  const begin = (app: App, work: Promise<void>): void => {
    const tracked = work
      .catch((error: unknown) => {
        if (!signal.aborted) app.log.warn('A visitor of the shop was in trouble.', { error })
      })
      .finally(() => going.delete(tracked))
    going.add(tracked)
  }
  return {
    name: 'traffic',
    setup(app) {
      app.onReady(() => {
        begin(
          app,
          comeIn(app, (work) => begin(app, work)),
        )
        begin(app, lookAfter(app))
      })
      app.onStop(async () => {
        closing.abort()
        await Promise.all(going)
      })
    },
  }

  async function comeIn(app: App, arrive: (work: Promise<void>) => void): Promise<void> {
    while (!signal.aborted) {
      const name = names[Math.floor(Math.random() * names.length)] ?? 'guest'
      arrive(visit(new Browser(app, { 'x-customer': name }, signal), name, randomMood()))
      // People do not come on the second.
      await pause((1_000 / perSecond) * (0.5 + Math.random()), undefined, { signal })
    }
  }

  async function lookAfter(app: App): Promise<void> {
    const browser = new Browser(app, { 'x-api-key': adminKey }, signal)
    while (!signal.aborted) {
      await fillUp(browser)
      await approve(app, browser)
      await pause(round, undefined, { signal })
    }
  }
}
