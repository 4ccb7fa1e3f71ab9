// npm run bench [suite] [-- --quick]: measures Tutti against its peers, in one run. The last line is the outcome as JSON.
import { parseArgs } from 'node:util'
import { printResults, type Result, type Suite } from './harness/report.ts'

/** Each suite is loaded when it is run. */
const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  http: async () => (await import('./http/suite.ts')).http,
  startup: async () => (await import('./startup/suite.ts')).startup,
  memory: async () => (await import('./memory/suite.ts')).memory,
  console: async () => (await import('./console/suite.ts')).browse,
  dev: async () => (await import('./dev/suite.ts')).dev,
  events: async () => (await import('./events/suite.ts')).events,
  workflows: async () => (await import('./workflows/suite.ts')).workflows,
  messaging: async () => (await import('./messaging/suite.ts')).messaging,
  telemetry: async () => (await import('./telemetry/suite.ts')).telemetry,
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } })
  const [asked, ...more] = positionals
  if (more.length > 0 || (asked !== undefined && !(asked in suites))) {
    throw new Error(`received "${positionals.join(' ')}"; wanted one of ${Object.keys(suites).join(', ')}, or nothing for all of them`)
  }
  const results: Result[] = []
  for (const name of asked === undefined ? Object.keys(suites) : [asked]) {
    const suite = await suites[name]?.()
    const found = (await suite?.(values)) ?? []
    printResults(found)
    results.push(...found)
  }
  console.log(JSON.stringify({ suite: asked ?? 'all', results }))
}

try {
  await main()
} catch (error) {
  console.error(`The benchmark failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
