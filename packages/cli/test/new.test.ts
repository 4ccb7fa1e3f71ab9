import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { manifestOf, tuttiPackages, versions } from '../src/new/manifest.ts'
import { cli, temporaryFolder } from './cli.ts'

const root = join(import.meta.dirname, '../../..')

describe('tutti new', () => {
  it.each(['http', 'events', 'full'])('makes a project from the template %s, and files in it', async (template) => {
    await using folder = await temporaryFolder()
    const made = await cli(['new', 'shop', '--template', template, '--no-install', '--no-git', '--json'], { cwd: folder.path })
    expect(made.json).toMatchObject({ name: 'shop', template, installed: false, git: false })
    const cwd = join(folder.path, 'shop')
    for (const kind of ['aggregate', 'projection', 'workflow', 'route']) {
      const generated = await cli(['generate', kind, `sales-${kind}`, '--json'], { cwd })
      expect(generated.json).toMatchObject({ files: [`src/sales-${kind}.ts`, `test/sales-${kind}.test.ts`].toSorted() })
      expect(await readFile(join(cwd, `src/sales-${kind}.ts`), 'utf8')).not.toMatch(/thing/i)
    }
    expect(await readFile(join(cwd, 'src/sales-aggregate.ts'), 'utf8')).toContain("aggregate('salesAggregate'")
    expect(await readFile(join(cwd, 'README.md'), 'utf8')).toMatch(/^# shop\n/)
    expect(await readFile(join(cwd, 'src/app.ts'), 'utf8')).toContain("name: 'shop'")
    expect(existsSync(join(cwd, '.gitignore'))).toBe(true)
  })

  it('makes a git repository, and begins with http where nobody can be asked', async () => {
    await using folder = await temporaryFolder()
    const made = await cli(['new', 'My.Shop', '--no-install', '--package-manager', 'pnpm', '--name', 'my-shop'], { cwd: folder.path })
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('pnpm install') })
    expect(existsSync(join(folder.path, 'My.Shop/.git'))).toBe(true)
    expect(JSON.parse(await readFile(join(folder.path, 'My.Shop/package.json'), 'utf8'))).toMatchObject({ name: 'my-shop' })
    expect(existsSync(join(folder.path, 'My.Shop/src/order.ts'))).toBe(false)
  })

  it('writes over nothing, and checks what it is given', async () => {
    await using folder = await temporaryFolder()
    await mkdir(join(folder.path, 'there'))
    await writeFile(join(folder.path, 'there/mine.txt'), 'mine')
    const attempt = (...argv: readonly string[]) => cli(['new', ...argv, '--no-install', '--no-git'], { cwd: folder.path })
    expect(await attempt('there')).toMatchObject({ code: 1, err: expect.stringContaining('is not empty') })
    expect(await attempt('a b')).toMatchObject({ code: 2, err: expect.stringContaining('--name') })
    expect(await attempt('shop', '--template', 'nothing')).toMatchObject({ code: 2, err: expect.stringContaining('http, events, full') })
    expect(await attempt('shop', '--package-manager', 'npm; rm')).toMatchObject({ code: 2 })
    expect(await attempt('shop', '--tutti', '1.0 || rm')).toMatchObject({ code: 2, err: expect.stringContaining('--tutti') })
    expect(await attempt('shop', '--tutti', './empty')).toMatchObject({ code: 1, err: expect.stringContaining('npm pack') })
    expect(existsSync(join(folder.path, 'shop'))).toBe(false)
  })

  it('uses the versions that Tutti is tested with', async () => {
    const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { readonly devDependencies: object }
    expect(devDependencies).toMatchObject(versions)
    expect(JSON.parse(manifestOf('shop', tuttiPackages('^1.0.0', '/')))).toMatchObject({ dependencies: { tutti: '^1.0.0' } })
  })
})

describe('tutti generate', () => {
  it('writes over nothing, and lets no name lead elsewhere', async () => {
    await using folder = await temporaryFolder()
    const generate = (name: string) => cli(['generate', 'aggregate', name], { cwd: folder.path })
    expect(await generate('SalesOrder')).toMatchObject({ code: 0, out: expect.stringContaining('app.use(SalesOrder)') })
    expect(await generate('sales_order')).toMatchObject({ code: 1, err: expect.stringContaining('exist already') })
    for (const name of ['../evil', 'a/b', '', '1st', 'a'.repeat(61), "x';"]) expect(await generate(name)).toMatchObject({ code: 2 })
  })
})
