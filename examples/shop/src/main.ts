import { createShop } from './app.ts'

const { url } = await createShop().listen()

process.stdout.write(`
  The shop is open at ${url}
  API docs             ${url}/docs

  Try it:
    curl '${url}/products?category=tea'
    curl ${url}/orders --json '{"email":"ada@example.com","items":[{"product":"sencha","quantity":2}]}'
    curl -N ${url}/orders/feed -H 'last-event-id: 0'

  Ctrl+C stops it.

`)
