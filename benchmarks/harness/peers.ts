import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Sees to it that the peers of a suite are installed, by the lockfile in their folder. They are no part of the workspace: one of them brings
 * a native part, which takes a minute to build where it cannot be downloaded, and nobody who runs no benchmarks should wait for that.
 */
export function requirePeers(folder: string): void {
  if (installed(folder) === wanted(folder)) return
  console.error('Installing the peers …')
  const npm = process.env['npm_execpath']
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  // Within `npm run` the running npm is known; otherwise the one in the PATH serves.
  const [program, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]]
  const { status, error } = spawnSync(program, [...first, ...args], { cwd: folder, stdio: ['ignore', 2, 2] })
  if (error !== undefined || status !== 0 || installed(folder) !== wanted(folder))
    throw new Error(`npm ci in ${folder} failed; its reason stands above`, { cause: error })
}

function wanted(folder: string): string {
  return versions(join(folder, 'package-lock.json'))
}

/** npm writes this file when an installation is complete, so an interrupted one does not pass. */
function installed(folder: string): string {
  try {
    return versions(join(folder, 'node_modules/.package-lock.json'))
  } catch {
    return 'nothing'
  }
}

function versions(lockfile: string): string {
  const { packages } = JSON.parse(readFileSync(lockfile, 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version?: string; readonly optional?: boolean }>>
  }
  const listed = Object.entries(packages).filter(([path, { optional }]) => path !== '' && optional !== true)
  return listed.map(([path, { version }]) => `${path}@${version}`).join('\n')
}
