import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort, temporaryFolder } from './cli.ts'

const root = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

const env = {
  // The environment of somebody at a shell: nothing of the test runner or of the npm that runs it.
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:npm_|VITEST|TUTTI_|NODE_ENV$|NODE_OPTIONS$|TEST$)/i.test(name)),
  ),
  // What npm has in its cache it takes from there, without asking the registry whether there is something newer.
  npm_config_prefer_offline: 'true',
  npm_config_fetch_retries: '5',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_update_notifier: 'false',
}

/** Ends what hangs: the registry may be slow, and says nothing about Tutti. */
const patience = 600_000

/** How long each step took, in seconds. */
const times: Record<string, number> = {}

/** Measures a step; where it fails, the error says which it was and how long it and those before it took. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now()
  const measure = (): void => void (times[name] = Math.round((performance.now() - begun) / 100) / 10)
  try {
    const result = await work()
    measure()
    return result
  } catch (cause) {
    measure()
    // What a program said before it failed is in `stdout` alone: vitest and tsc print there.
    const { stdout = '', killed = false } = cause as { readonly stdout?: string; readonly killed?: boolean }
    const what = killed ? `was ended after ${patience / 1000} s` : 'failed'
    throw new Error(`${name}: ${what}. Seconds so far: ${JSON.stringify(times)}\n${String(cause)}\n${stdout}`, { cause })
  }
}

function program(name: string, args: readonly string[], cwd: string): Promise<unknown> {
  return run(name, args, { cwd, env, maxBuffer: 2 ** 26, timeout: patience })
}

const npm = (args: readonly string[], cwd: string): Promise<unknown> => program('npm', args, cwd)

// On Windows npm is a script that only a shell starts, and no signal reaches what it has started.
describe.skipIf(process.platform === 'win32')('a newcomer, with the packages as they are published', { timeout: 3 * patience }, () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let shop: string

  beforeAll(async () => {
    folder = await temporaryFolder()
    const { path } = folder
    shop = join(path, 'shop')
    await step('build', () => program(process.execPath, [join(root, 'scripts/build.mjs'), 'tutti', '@tutti/cli'], root))
    await step('npm pack', () =>
      npm(['pack', '--pack-destination', path, '--workspace', 'packages/tutti', '--workspace', 'packages/cli'], root),
    )
    const packages = (await readdir(path)).filter((name) => name.endsWith('.tgz')).flatMap((name) => ['--package', `file:./${name}`])
    const command = ['tutti', 'new', 'shop', '--template', 'events', '--no-git', '--tutti', '.']
    await step('tutti new, npm install', () => npm(['exec', '--yes', ...packages, '--', ...command], path))
  }, 3 * patience)

  afterAll(async () => {
    await folder[Symbol.asyncDispose]()
    process.stdout.write(`A newcomer's path, in seconds: ${JSON.stringify(times)}\n`)
  })

  it('gets from nothing to a first answer', async () => {
    await step('npm test', () => npm(['test'], shop))
    await step('npm run check', () => npm(['run', 'check'], shop))

    const port = await freePort()
    const dev = spawn('npm', ['run', 'dev', '--', '--port', String(port)], { cwd: shop, env, detached: true })
    let output = ''
    for (const stream of [dev.stdout, dev.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
    const ended = once(dev, 'exit')
    try {
      const url = `http://127.0.0.1:${port}`
      const answers = async (): Promise<number | string> => {
        if (dev.exitCode !== null) throw new Error(output)
        return fetch(`${url}/revenue`).then(
          ({ status }) => status,
          (error: unknown) => String(error),
        )
      }
      await step('npm run dev, first answer', () => expect.poll(answers, { timeout: 120_000 }).toBe(200))
      const placed = await fetch(`${url}/orders/o-1`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ customer: 'ada', total: 12 }),
      })
      expect(await placed.json()).toMatchObject({ version: 1 })
      // The page of the Console is in the package.
      expect(await (await fetch(`${url}/console/`)).text()).toContain('<div id="app">')
      expect(await (await fetch(`${url}/docs`)).text()).toContain('swagger')
    } finally {
      // npm passes signals on to nobody: the whole group is told.
      if (dev.pid !== undefined && dev.exitCode === null) process.kill(-dev.pid, 'SIGTERM')
      await ended
    }
  })

  it.each(['http', 'full'])(
    'gets a project from the template %s whose tests and types are right, generated files included',
    async (template) => {
      const { path } = folder
      const tutti = join(shop, 'node_modules/.bin/tutti')
      await program(tutti, ['new', template, '--template', template, '--no-install', '--no-git', '--tutti', '.'], path)
      const project = join(path, template)
      // Every template needs the same packages.
      await symlink(join(shop, 'node_modules'), join(project, 'node_modules'))
      for (const kind of ['aggregate', 'projection', 'workflow', 'route'])
        await program(tutti, ['generate', kind, `sales-${kind}`], project)
      await step(`${template}: npm test`, () => npm(['test'], project))
      await step(`${template}: npm run check`, () => npm(['run', 'check'], project))
    },
  )
})
