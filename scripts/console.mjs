// The Console's page: builds it where it is missing or older than what it is made of. An application from the workspace serves it from there.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const FILES = ['index.html', 'package.json', 'vite.config.ts']
const FOLDERS = ['public', 'src']

/** What the page is made of; folders count, because what was deleted leaves its trace there. Works under Node 20 as well, which sets up. */
function sourcesIn(folder) {
  const within = FOLDERS.filter((name) => existsSync(join(folder, name))).flatMap((name) => [
    name,
    ...readdirSync(join(folder, name), { recursive: true }).map((file) => join(name, file)),
  ])
  return [...FILES, ...within].map((file) => join(folder, file)).filter((file) => existsSync(file))
}

/** Whether the page stands ready. It does as well where there is none to build: in a checkout without it. */
export function isConsoleBuilt(root) {
  const folder = join(root, 'packages/console')
  if (!existsSync(join(folder, 'vite.config.ts'))) return true
  const page = join(folder, 'dist/index.html')
  if (!existsSync(page)) return false
  const built = statSync(page).mtimeMs
  return sourcesIn(folder).every((file) => statSync(file).mtimeMs <= built)
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
