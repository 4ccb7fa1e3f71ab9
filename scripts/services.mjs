// npm run services [up|down|status] [name …] [--json]: real servers for the tests, on this machine.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createManager } from './services/manager.mjs'
import { services } from './services/table.mjs'

const USAGE = `Usage: npm run services -- [up|down|status] [${services.map(({ name }) => name).join('|')} …] [--json]`

/** A URL without its password, fit for a terminal and for logs. */
function withoutPassword(url) {
  const parsed = new URL(url)
  if (parsed.password !== '') parsed.password = '***'
  return parsed.href
}

function line(service) {
  if (service.outcome !== undefined) return `${service.title}: ${service.outcome}`
  if (service.source === 'none') return `${service.title}: does not answer: ${service.reason}`
  const version = service.version === undefined ? '' : ` ${service.version}`
  return `${service.title}${version} (${service.source}): ${service.env}=${withoutPassword(service.url)}`
}

/** Rows of equal columns: where each service answers, or why it does not. */
function table(found) {
  const rows = found.map((service) => [
    service.name,
    service.source,
    service.version?.split(' ')[0] ?? '-',
    service.source === 'none' ? service.reason : `${service.env}=${withoutPassword(service.url)}`,
  ])
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

async function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean', default: false } } })
  const [action = 'up', ...names] = positionals
  if (!['up', 'down', 'status'].includes(action)) throw new Error(`"${action}" is not an action.\n${USAGE}`)
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const manager = createManager({ root, table: services, log: (text) => console.error(text) })
  const results = await manager[action](names)
  if (values.json) {
    const shown = results.map(({ final: _, ...service }) => (service.url ? { ...service, url: withoutPassword(service.url) } : service))
    console.log(JSON.stringify(shown, undefined, 2))
  } else if (action === 'status') {
    console.log(table(results))
  } else {
    for (const service of results) console.log(line(service))
  }
  if (action === 'up' && results.some(({ source }) => source === 'none')) process.exitCode = 1
}

try {
  await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
