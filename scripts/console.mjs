// The Console's page: builds it where it is missing or older than what it is made of. An application from the workspace serves it from there.
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What the page is made of; folders count, because what was deleted leaves its trace there. */
const SOURCES = ['index.html', 'package.json', 'vite.config.ts', 'public', 'public/**', 'src', 'src/**']

/** Whether the page stands ready. It does as well where there is none to build: in a checkout without it. */
export function isConsoleBuilt(root) {
  const folder = join(root, 'packages/console')
  if (!existsSync(join(folder, 'vite.config.ts'))) return true
  const page = join(folder, 'dist/index.html')
  if (!existsSync(page)) return false
  const built = statSync(page).mtimeMs
  return globSync(SOURCES, { cwd: folder }).every((file) => statSync(join(folder, file)).mtimeMs <= built)
}

/** Builds the page, unless another process has just done so. Takes two seconds. */
export async function buildConsole(root) {
  const { withLock } = await import('./lock.mjs')
  await withLock(join(root, '.tutti/console.lock'), async () => {
    if (isConsoleBuilt(root)) return
    const { bin } = JSON.parse(readFileSync(join(root, 'node_modules/vite/package.json'), 'utf8'))
    const command = [join(root, 'node_modules/vite', bin.vite), 'build', '--logLevel', 'warn']
    // The Node that comes with the project, whichever runs this.
    const own = join(root, 'node_modules/node/bin/node')
    const options = { cwd: join(root, 'packages/console'), stdio: ['ignore', 2, 2] }
    const { status } = spawnSync(existsSync(own) ? own : process.execPath, command, options)
    if (status !== 0) throw new Error('The Console’s page could not be built; the reason stands above.')
  })
}
