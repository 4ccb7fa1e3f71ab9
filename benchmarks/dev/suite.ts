import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { atLeast, printTable, type Result, type Suite } from '../harness/report.ts'
import { median } from '../harness/statistics.ts'
import { ServedProject } from './served-project.ts'

const root = join(import.meta.dirname, '../..')
const bin = join(root, 'packages/cli/bin/tutti.mjs')
const templates = ['http', 'events', 'full'] as const

/** After a change the application is to answer as changed within this, in milliseconds. */
const limit = 300

/** How `tutti dev` and Node's own watch mode serve a project: both on what is published. */
const watchers = [
  { name: 'tutti dev', args: [bin, 'dev'] },
  { name: 'node --watch', args: ['--watch', 'src/main.ts'] },
] as const

/** From saving a file of a new project to the first answer of the application as it is then. */
export const dev: Suite = async ({ quick }) => {
  run(join(root, 'scripts/bundle.mjs'))
  // Beside the packages, so that the projects find them.
  const folder = mkdtempSync(join(root, '.tutti/bench-dev-'))
  const results: Result[] = []
  const rows: string[][] = []
  try {
    for (const template of templates) {
      const times = await measure(join(folder, template), { template, rounds: quick ? 5 : 21 })
      for (const [name, { listening, restarts, failed }] of times) {
        const slowest = Math.max(...restarts)
        rows.push([`${template}: ${name}`, listening.toFixed(0), median(restarts).toFixed(0), slowest.toFixed(0), String(failed)])
        if (name === 'tutti dev') results.push(atLeast(`dev: ${limit} ms / restart of ${template}`, limit / median(restarts), 1))
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  printTable('From a change to its answer, in ms', ['', 'first start', 'restart', 'slowest', 'failed requests'], rows)
  return results
}

/** What was measured of one watcher. Times are in milliseconds. */
interface Times {
  readonly listening: number
  readonly restarts: readonly number[]
  /** Requests that got no answer, of those that were sent without a pause. */
  readonly failed: number
}

async function measure(
  project: string,
  { template, rounds }: { readonly template: string; readonly rounds: number },
): Promise<ReadonlyMap<string, Times>> {
  const times = new Map<string, Times>()
  for (const { name, args } of watchers) {
    run(bin, 'new', project, '--name', 'bench', '--template', template, '--no-install', '--no-git')
    await using served = await ServedProject.start(project, args)
    const restarts: number[] = []
    for (let round = 1; round <= rounds; round++) restarts.push(await served.change(`round ${round}`))
    times.set(name, { listening: served.listening, restarts, failed: served.failed })
    rmSync(project, { recursive: true })
  }
  return times
}

function run(file: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })
  if (status !== 0) throw new Error(`${file} failed:\n${stderr}`)
}
