import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cli, freePort, temporaryFolder } from './cli.ts'

const root = join(import.meta.dirname, '../../..')
const bin = join(import.meta.dirname, '../bin/tutti.mjs')

/** A project whose application answers with a text, or with what is written in its place. */
async function project(
  source = answers('one'),
): Promise<AsyncDisposable & { readonly path: string; write(source: string): Promise<void> }> {
  const folder = await temporaryFolder()
  await mkdir(join(folder.path, 'src'))
  await symlink(join(root, 'node_modules'), join(folder.path, 'node_modules'))
  await writeFile(join(folder.path, 'package.json'), '{ "type": "module" }')
  const write = (text: string): Promise<void> => writeFile(join(folder.path, 'src/app.ts'), text)
  await write(source)
  return { ...folder, write }
}

function answers(text: string): string {
  return `import { App } from 'tutti'\n\nexport default new App({ log: { level: 'silent' } }).get('/', () => '${text}')\n`
}

/** A `tutti` process, and what it has printed so far. */
class Running implements AsyncDisposable {
  readonly child: ChildProcess
  output = ''

  constructor(cwd: string, argv: readonly string[]) {
    this.child = spawn(process.execPath, ['--conditions=@tutti/source', bin, ...argv], { cwd, env: { ...process.env, NODE_OPTIONS: '' } })
    this.child.stdout?.on('data', (chunk) => (this.output += String(chunk)))
    this.child.stderr?.on('data', (chunk) => (this.output += String(chunk)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    await ended
  }
}

async function body(url: string): Promise<string> {
  return (await fetch(url)).text()
}

describe('tutti dev', () => {
  it('serves each version of the sources without failing a request, and goes on with the last one that starts', async () => {
    await using sources = await project()
    const port = await freePort()
    const url = `http://127.0.0.1:${port}/`
    await using dev = new Running(sources.path, ['dev', '--port', String(port), '--host', '127.0.0.1'])
    await expect.poll(() => body(url).catch(() => 'not yet'), { timeout: 50_000 }).toBe('one')

    const failures: unknown[] = []
    let asking = true
    const asked = (async () => {
      while (asking) {
        await body(url).catch((error: unknown) => failures.push(error))
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    await sources.write(answers('two').replace('two', "two'"))
    await expect.poll(() => dev.output, { timeout: 50_000 }).toContain('the process before goes on')
    expect(dev.output).toContain('src/app.ts:3:')
    expect(dev.output).not.toMatch(/node_modules|packages\/tutti|node:internal/)
    expect(await body(url)).toBe('one')
    await sources.write(answers('three'))
    await expect.poll(() => body(url), { timeout: 50_000 }).toBe('three')
    asking = false
    await asked
    expect(failures).toEqual([])
  }, 120_000)

  it('tells programs what happens, and looks for changes where it is told', async () => {
    await using sources = await project()
    await using shared = await temporaryFolder()
    await using dev = new Running(sources.path, [
      'dev',
      '--port',
      String(await freePort()),
      '--app',
      'src/app.ts',
      '--watch',
      shared.path,
      '--json',
    ])
    await expect.poll(() => dev.output, { timeout: 50_000 }).toContain('"event":"ready"')
    await writeFile(join(shared.path, 'shared.ts'), 'export const x = 1\n')
    await expect.poll(() => dev.output, { timeout: 50_000 }).toContain('"event":"changed"')
  }, 120_000)

  it('says what is missing', async () => {
    await using folder = await temporaryFolder()
    expect(await cli(['dev'], { cwd: folder.path })).toMatchObject({ code: 1, err: expect.stringContaining('tutti new') })
    expect(await cli(['dev', '--main', 'no.ts'], { cwd: folder.path })).toMatchObject({ code: 1, err: expect.stringContaining('no.ts') })
  })
})

describe('tutti start', () => {
  it('serves the application, or the module that listens', async () => {
    await using sources = await project()
    const port = await freePort()
    await using app = new Running(sources.path, ['start', '--port', String(port), '--host', '127.0.0.1'])
    await expect.poll(() => body(`http://127.0.0.1:${port}/`).catch(() => app.output), { timeout: 50_000 }).toBe('one')
    await sources.write(`${answers('main').replace('export default', 'const app =')}await app.listen()\n`)
    const other = await freePort()
    await using main = new Running(sources.path, ['start', '--main', 'src/app.ts', '--port', String(other), '--host', '127.0.0.1'])
    await expect.poll(() => body(`http://127.0.0.1:${other}/`).catch(() => main.output), { timeout: 50_000 }).toBe('main')
  }, 120_000)
})
