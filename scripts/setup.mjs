// Makes a checkout ready to run: installs what package-lock.json lists when that is not what node_modules holds, and
// builds the Console's page when it is missing or older than its sources.
// Runs before `npm start`, `npm test`, `npm run check` and `npm run bench`, under any Node from 20 on, and brings
// Node 26 itself: the dev dependency `node` comes first in the PATH of the npm scripts that follow.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LOCKFILE = 'package-lock.json'

/** Whether node_modules holds what the lockfile lists: the same versions and hashes, optional ones aside. */
export function isInstalled(root) {
  let installed
  try {
    // npm writes this file when an installation is complete, so an interrupted one does not pass.
    installed = JSON.parse(readFileSync(join(root, 'node_modules/.package-lock.json'), 'utf8')).packages
  } catch {
    return false
  }
  const nodeBinary = join(root, 'node_modules/node/bin/node')
  if (!existsSync(nodeBinary) && !existsSync(`${nodeBinary}.exe`)) return false
  const wanted = readLockfile(root).packages
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/') || entry.link) return !entry.link || existsSync(join(root, path))
    const found = installed[path]
    if (found === undefined) return entry.optional === true || entry.devOptional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

function readLockfile(root) {
  return JSON.parse(readFileSync(join(root, LOCKFILE), 'utf8'))
}

async function install(root) {
  const { withLock } = await import('./lock.mjs')
  await withLock(join(root, '.tutti/setup.lock'), async () => {
    if (isInstalled(root)) return
    console.error(`Installing what ${LOCKFILE} lists (npm ci) …`)
    await npm(root, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
    if (!isInstalled(root)) {
      throw new Error(
        `npm ci ended well, but node_modules is not what ${LOCKFILE} lists. Delete node_modules and try again; ` +
          'where npm may not run install scripts, allow them for the package "node".',
      )
    }
  })
}

async function npm(root, args) {
  const { spawnSync } = await import('node:child_process')
  // Within `npm run` the running npm is known; otherwise the one in PATH serves (a .cmd file on Windows, hence the shell).
  const script = process.env['npm_execpath']
  const known = script !== undefined && /npm-cli\.[cm]?js$/.test(script)
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: !known && process.platform === 'win32' }
  const result = known ? spawnSync(process.execPath, [script, ...args], options) : spawnSync('npm', args, options)
  if (result.error !== undefined)
    throw new Error(`npm could not be started (${result.error.message}). Install Node.js 20 or later with npm.`)
  if (result.status !== 0) {
    throw new Error(
      `npm ${args[0]} failed with exit code ${result.status ?? result.signal}; its reason stands above. ` +
        'Check that the npm registry can be reached, then try again.',
    )
  }
}

async function main() {
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  try {
    if (Number.parseInt(process.versions.node, 10) < 20) {
      throw new Error(`this is Node ${process.versions.node}, and Tutti's set-up needs 20 or later. Install a current Node.js.`)
    }
    if (!isInstalled(root)) await install(root)
    const { buildConsole, isConsoleBuilt } = await import('./console.mjs')
    if (!isConsoleBuilt(root)) await buildConsole(root)
  } catch (error) {
    console.error(`Set-up failed: ${error.message}`)
    process.exitCode = 1
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) await main()
