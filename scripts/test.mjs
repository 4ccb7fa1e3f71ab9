// npm test [-- path …] [vitest options]: brings up the servers that the tests need, runs the tests, counts them.
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { neededServices, servicesRequired } from './needs.mjs'
import { createManager } from './services/manager.mjs'
import { services } from './services/table.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * The URLs of the services in their variables, and what stops those that were not there before; an unreachable one ends the run in CI,
 * elsewhere its tests are skipped.
 */
async function bringUp(names) {
  // Without names the manager brings up all.
  if (names.length === 0) return { env: {}, stop: async () => undefined }
  const manager = createManager({ root, table: services, log: (text) => console.error(text) })
  const before = await manager.status(names)
  const found = await manager.up(names)
  const wasThere = ({ name }) => before.some((service) => service.name === name && service.source !== 'none')
  const begun = found.filter((service) => service.source !== 'none' && !wasThere(service)).map(({ name }) => name)
  const absent = found.filter(({ source }) => source === 'none')
  for (const { title, reason } of absent) console.error(`${title} does not answer: ${reason}`)
  if (absent.length > 0 && servicesRequired()) throw new Error('In CI every service that the tests need has to answer.')
  if (absent.length > 0) console.error('The tests that need it are skipped.')
  return {
    env: Object.fromEntries(found.filter(({ source }) => source !== 'none').map(({ env, url }) => [env, url])),
    // A developer's next run begins sooner with them; in CI nobody would stop them.
    stop: async () => {
      if (servicesRequired() && begun.length > 0) await manager.down(begun)
    },
  }
}

/** Runs vitest, passing signals on, until it ends: its exit code. */
function vitest(args, env) {
  const program = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const child = spawn(process.execPath, [program, ...args], { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal]))
  })
}

/** The counts of a run, from vitest's own report: a file that could not be loaded counts as one failed test. */
export function count(report, exitCode) {
  const unloaded = (report?.testResults ?? []).filter(({ status, assertionResults }) => {
    return status === 'failed' && !assertionResults.some((test) => test.status === 'failed')
  }).length
  const passed = report?.numPassedTests ?? 0
  const failed = (report?.numFailedTests ?? 0) + unloaded
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  // vitest also fails for what no test is to blame for: an unhandled rejection, no tests found, a crashed worker.
  return { passed, failed: exitCode !== 0 && failed === 0 ? 1 : failed, skipped }
}

export function summary({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

async function main() {
  const args = process.argv.slice(2)
  const folder = mkdtempSync(join(tmpdir(), 'tutti-test-'))
  const file = join(folder, 'report.json')
  let stop
  try {
    const brought = await bringUp(neededServices(args.filter((arg) => !arg.startsWith('-'))))
    stop = brought.stop
    const reporters = args.some((arg) => arg.startsWith('--reporter')) ? [] : ['--reporter=default']
    const exitCode = await vitest(['run', ...reporters, '--reporter=json', `--outputFile.json=${file}`, ...args], brought.env)
    process.exitCode = exitCode
    console.log(summary(count(readReport(file), exitCode)))
  } catch (error) {
    console.error(error.message)
    process.exitCode = 1
    console.log(summary({ passed: 0, failed: 1, skipped: 0 }))
  } finally {
    await stop?.()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
