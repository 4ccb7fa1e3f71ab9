import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { App } from 'tutti'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { errorValue } from '../error-text.ts'
import type { Io } from '../io.ts'
import { appOption, withApp, type AppCall } from '../load-app.ts'
import { whole } from '../option.ts'
import { count, table } from '../output.ts'
import { checkStorage } from './storage.ts'

/** What came of a check: what was found or, where `ok` is false, what is to be done. */
interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly found: string
}

/** The oldest Node.js that Tutti runs on. */
const oldestNode = 24
/** A clock before this is wrong: Tutti did not exist. */
const earliest = Date.UTC(2026, 0, 1)

export const doctor = command({
  name: 'doctor',
  about: 'looks whether everything is there that the application needs: Node.js, packages, configuration, storage, port, clock',
  options: { app: appOption, port: whole('--port <n>', 'the port that has to be free, rather than PORT or 8000') },
  examples: ['doctor', 'doctor --port 3000', 'doctor --json'],
  run: async (call) => {
    const { io, options } = call
    const port = options.port ?? Number(io.env['PORT'] ?? 8000)
    const findings: Finding[] = [
      await finding('Node.js', () => checkNode()),
      ...(await Promise.all(declaredPackages(io).map((name) => finding(name, () => checkPackage(io, name))))),
      await finding('port', () => checkPort(port)),
      await finding('clock', () => checkClock()),
      ...(await applicationFindings(call)),
    ]
    call.output.answer(findings, () =>
      table(
        ['', 'CHECK', 'FOUND'],
        findings.map(({ ok, check, found }) => [ok ? 'ok' : 'WRONG', check, found]),
      ),
    )
    const wrong = findings.filter(({ ok }) => !ok).length
    if (wrong > 0) throw new CommandError(`${count(wrong, 'check')} failed.`)
  },
})

async function finding(check: string, look: () => string | Promise<string>): Promise<Finding> {
  try {
    return { check, ok: true, found: await look() }
  } catch (error) {
    return { check, ok: false, found: errorValue(error).message }
  }
}

async function applicationFindings(call: AppCall): Promise<readonly Finding[]> {
  let application: Finding = { check: 'application', ok: true, found: '' }
  let storages: readonly Finding[] = []
  try {
    await withApp(call, async (app) => {
      application = {
        check: 'application',
        ok: true,
        found: `${app.name}: ${count(app.routes().length, 'route')}, its configuration loads`,
      }
      storages = await storageFindings(app)
    })
  } catch (error) {
    const { cause } = error instanceof Error ? error : {}
    const reason = cause === undefined ? '' : ` ${errorValue(cause).message}`
    application = { check: 'application', ok: false, found: `${errorValue(error).message}${reason}` }
  }
  return [application, ...storages]
}

async function storageFindings(app: App): Promise<readonly Finding[]> {
  const look = async (): Promise<string> => {
    const found = await Promise.all((await app.openStorages()).map((storage) => checkStorage(storage)))
    if (found.length === 0) return 'none is used'
    const old = found.find(({ schema, wanted }) => schema !== 0 && schema !== wanted)
    if (old !== undefined)
      throw new CommandError(`${old.storage} has version ${old.schema} of its schema; wanted ${old.wanted}: run \`tutti migrate\`.`)
    return found.map(({ storage, schema }) => (schema === 0 ? `${storage} answers, and is empty` : `${storage} answers`)).join(', ')
  }
  return [await finding('storage', look)]
}

function checkNode(): string {
  const [major = '0'] = process.versions.node.split('.')
  if (Number(major) >= oldestNode) return process.versions.node
  throw new CommandError(`${process.versions.node}; wanted ${oldestNode} or newer: install it from nodejs.org`)
}

/** Tutti, its adapters, and what they need from the project. */
function declaredPackages({ cwd }: Io): readonly string[] {
  const manifest: unknown = existsSync(join(cwd, 'package.json')) ? JSON.parse(readFileSync(join(cwd, 'package.json'), 'utf8')) : {}
  const dependencies: unknown = typeof manifest === 'object' && manifest !== null && 'dependencies' in manifest ? manifest.dependencies : {}
  const names = Object.keys(typeof dependencies === 'object' && dependencies !== null ? dependencies : {})
  return [...new Set(['tutti', ...names.filter((name) => name.startsWith('@tutti/'))])]
}

function checkPackage({ cwd }: Io, name: string): string {
  const require = createRequire(join(cwd, 'package.json'))
  let file: string
  try {
    file = require.resolve(`${name}/package.json`)
  } catch {
    throw new CommandError(`is not installed; run: npm install ${name}`)
  }
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }
  return version
}

async function checkPort(port: number): Promise<string> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return `${port} is free`
  } catch (error) {
    throw new CommandError(`${port} cannot be used: ${errorValue(error).message}; stop what uses it, or set PORT.`)
  } finally {
    server.close()
  }
}

function checkClock(): string {
  const now = new Date()
  if (now.getTime() >= earliest) return now.toISOString()
  throw new CommandError(`It says ${now.toISOString()}, which is long ago; set it, best by NTP.`)
}
