import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { temporaryFolder } from './cli.ts'

const root = join(import.meta.dirname, '../../..')
const run = promisify(execFile)

/** The environment of somebody at a shell: nothing of the test runner or of the npm that runs it. */
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(?:npm_|VITEST|TUTTI_|NODE_ENV$|NODE_OPTIONS$|TEST$)/.test(name)),
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

// How long it takes is up to the registry that packages are installed from, which the other tests need not wait for.
const wanted = process.env['TUTTI_NEWCOMER'] === '1'
const reason = wanted ? '' : ' (skipped: it installs from the npm registry; TUTTI_NEWCOMER=1 runs it)'

it.skipIf(!wanted)(
  `a newcomer gets from nothing to a first answer, from the packages as they are published${reason}`,
  { timeout: 900_000 },
  async () => {
    await using folder = await temporaryFolder()
    const { path } = folder
    // An own cache would download everything anew; a shared one is what people have.
    const npm = (args: readonly string[], cwd: string): Promise<unknown> => run('npm', args, { cwd, env, maxBuffer: 2 ** 26 })
    await run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root, env, maxBuffer: 2 ** 26 })
    await npm(['pack', '--pack-destination', path, '--workspace', 'packages/tutti', '--workspace', 'packages/cli'], root)

    const times: Record<string, number> = {}
    let last = performance.now()
    const done = (step: string): void => {
      times[step] = Math.round((performance.now() - last) / 100) / 10
      last = performance.now()
    }
    const packages = (await readdir(path)).filter((name) => name.endsWith('.tgz')).flatMap((name) => ['--package', `file:./${name}`])
    await npm(['exec', '--yes', ...packages, '--', 'tutti', 'new', 'shop', '--template', 'events', '--no-git', '--tutti', '.'], path)
    done('tutti new, npm install')
    const shop = join(path, 'shop')
    await npm(['test'], shop)
    done('npm test')
    await npm(['run', 'check'], shop)
    done('npm run check')

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
      await expect.poll(answers, { timeout: 120_000 }).toBe(200)
      done('npm run dev, first answer')
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
    process.stdout.write(`A newcomer's path, in seconds: ${JSON.stringify(times)}\n`)
  },
)
