import { parseArgs } from 'node:util'
import { createShop } from './app.ts'
import { traffic } from './traffic/traffic.ts'

const { values } = parseArgs({
  // `--traffic` alone is one order a second.
  args: process.argv.slice(2).map((argument) => (argument === '--traffic' ? '--traffic=1' : argument)),
  options: { traffic: { type: 'string' } },
})

const shop = createShop()
if (values.traffic !== undefined) {
  const perSecond = Number(values.traffic)
  if (!(perSecond > 0 && perSecond <= 1_000)) {
    process.stderr.write(`--traffic received "${values.traffic}"; wanted how many orders a second, from 0.01 to 1000.\n`)
    process.exit(1)
  }
  shop.use(traffic({ perSecond }))
}
const { url } = await shop.listen()

process.stdout.write(`
  The shop is open at ${url}
  API docs             ${url}/docs
  Console              ${url}/console${values.traffic === undefined ? '   (with visitors: npm start -- --traffic)' : ''}

  Try it:
    curl '${url}/products?category=tea'
    curl ${url}/orders --json '{"email":"ada@example.com","items":[{"product":"sencha","quantity":2}]}'
    curl -N ${url}/orders/feed -H 'last-event-id: 0'

  Ctrl+C stops it.

`)
