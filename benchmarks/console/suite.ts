import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { atLeast, printTable, type Result, type Suite } from '../harness/report.ts'
import { withServers } from '../harness/server-process.ts'
import { serviceUrl } from '../harness/service-url.ts'
import { median } from '../harness/statistics.ts'
import { Visit, type Seen, type View } from './visit.ts'

const root = join(import.meta.dirname, '../..')
const row = '[role=grid] [aria-rowindex="2"]'

const views: readonly (View & { readonly name: string })[] = [
  { name: 'events', path: 'events', ready: row, scrolls: 20 },
  { name: 'events of a type', path: 'events?type=order.changed', ready: row, scrolls: 5 },
  { name: 'events of a stream', path: 'events?text=order-o-1500', ready: row },
  { name: 'streams', path: 'events/streams', ready: row, scrolls: 5 },
  { name: 'an event', path: 'events/15000', ready: '[aria-label^="Data"]' },
  { name: 'an aggregate', path: 'aggregates/order/o-1500', ready: '[aria-label="Versions"]' },
  { name: 'runs', path: 'runs', ready: row, scrolls: 20 },
  { name: 'runs that wait', path: 'runs?state=waiting', ready: row, scrolls: 5 },
  { name: 'runs that were compensated', path: 'runs?state=compensated', ready: row },
  { name: 'a run', path: 'runs/fulfil/run-001500', ready: '[aria-label="Input"]' },
  { name: 'projections', path: 'projections', ready: row },
  { name: 'map', path: 'map', ready: '.svelte-flow__node' },
  { name: 'overview', path: '', ready: '.tiles .sparkline, .tiles svg' },
]

/** A view has to be there within this, in milliseconds. */
const patience = 1_000
/** What a user does has to be answered within this, in milliseconds: what Web Vitals call a good interaction to next paint. */
const answer = 200

/** How the Console does on an application with very many events and runs, in a real Chromium. */
export const browse: Suite = async ({ quick }) => {
  const [events, runs] = quick ? [20_000, 2_000] : [100_000, 10_000]
  const folder = mkdtempSync(join(root, '.tutti/bench-console-'))
  const args = [folder, String(events), String(runs)]
  // It makes all of them first.
  const program = { name: 'Tutti', file: join(import.meta.dirname, 'servers/tutti.ts'), args, startTime: 180_000 }
  const browser = serviceUrl({ name: 'chromium', variable: 'TUTTI_CHROMIUM_URL' })
  try {
    return await withServers([program], async ([app]) => {
      if (app === undefined) throw new Error('the application did not start')
      const seen = new Map<string, Seen[]>(views.map(({ name }) => [name, []]))
      for (let round = 0; round < (quick ? 1 : 3); round++) {
        await using visit = await Visit.open(browser, app.url)
        for (const view of views) seen.get(view.name)?.push(await visit.see(view))
      }
      return report(`${events} events and ${runs} runs, in ms`, seen)
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function report(title: string, seen: ReadonlyMap<string, readonly Seen[]>): Result[] {
  const middle = (all: readonly Seen[], of: keyof Seen): number => median(all.map((one) => one[of]))
  const rows = [...seen].map(([name, all]) => [
    name,
    middle(all, 'shown').toFixed(0),
    middle(all, 'longestTask').toFixed(0),
    String(Math.max(...all.map((one) => one.rows))),
  ])
  printTable(title, ['', 'shown after', 'longest task', 'rows fetched'], rows)
  const slowest = (of: keyof Seen): number => Math.max(1, ...[...seen.values()].map((all) => middle(all, of)))
  return [
    atLeast(`console: ${patience} ms / the slowest view until it is there`, patience / slowest('shown'), 1),
    atLeast(`console: ${answer} ms / the longest task of any view`, answer / slowest('longestTask'), 1),
  ]
}
