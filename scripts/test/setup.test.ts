import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { completeLockfile, lockfileProblems } from '../lockfile.mjs'
import { isInstalled } from '../setup.mjs'

const execute = promisify(execFile)
const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

describe('setup', () => {
  let root: string
  const json = (path: string, value: unknown) => writeFile(join(root, path), JSON.stringify(value))
  const dependency = { version: '1.0.0', integrity: 'sha512-a' }

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'tutti-setup-'))
    await mkdir(join(root, 'node_modules/node/bin'), { recursive: true })
    await writeFile(join(root, 'node_modules/node/bin/node'), '')
    await json('package-lock.json', { packages: { '': {}, 'node_modules/a': dependency } })
    await json('node_modules/.package-lock.json', { packages: { 'node_modules/a': dependency } })
  })
  afterEach(() => rm(root, { recursive: true }))

  it('is content with what the lockfile lists', () => expect(isInstalled(root)).toBe(true))

  it('does not ask for optional parts of other platforms', async () => {
    const optional = { ...dependency, optional: true, os: ['none'] }
    await json('package-lock.json', { packages: { '': {}, 'node_modules/a': dependency, 'node_modules/b': optional } })
    expect(isInstalled(root)).toBe(true)
  })

  it.each([
    ['another version', { 'node_modules/a': { ...dependency, version: '1.0.1' } }],
    ['another content', { 'node_modules/a': { ...dependency, integrity: 'sha512-b' } }],
    ['one more package', { 'node_modules/a': dependency, 'node_modules/b': dependency }],
    ['one more workspace', { 'node_modules/a': dependency, 'node_modules/tutti': { resolved: 'packages/tutti', link: true } }],
  ])('notices %s in the lockfile', async (_, packages) => {
    await json('package-lock.json', { packages })
    expect(isInstalled(root)).toBe(false)
  })

  it.each(['node_modules/.package-lock.json', 'node_modules/node/bin/node', 'node_modules'])('notices that %s is missing', async (path) => {
    await rm(join(root, path), { recursive: true })
    expect(isInstalled(root)).toBe(false)
  })

  it('is silent where nothing is to do', async () => {
    const script = fileURLToPath(new URL('../setup.mjs', import.meta.url))
    expect(await execute(process.execPath, [script])).toEqual({ stdout: '', stderr: '' })
  })

  it('ends with an error that says what failed', async () => {
    await mkdir(join(root, 'scripts'))
    for (const file of ['setup.mjs', 'lock.mjs']) await cp(join(checkout, 'scripts', file), join(root, 'scripts', file))
    await json('package.json', { name: 'x', version: '1.0.0', dependencies: { absent: '1.0.0' } })
    await rm(join(root, 'node_modules'), { recursive: true })
    const failed = execute(process.execPath, [join(root, 'scripts/setup.mjs')], { env: { ...process.env, npm_config_offline: 'true' } })
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('Set-up failed: npm ci failed') })
  })
})

describe('the lockfile', () => {
  const lockfile = {
    packages: {
      'node_modules/tool': {
        version: '2.0.0',
        resolved: 'https://registry.example/tool.tgz',
        dev: true,
        optionalDependencies: { '@tool/linux-x64-musl': '2.0.0', '@tool/darwin-arm64': '2.0.0', other: '1' },
      },
    },
  }

  it('of this project is good for every platform and registry', async () => {
    expect(lockfileProblems(JSON.parse(await readFile(join(checkout, 'package-lock.json'), 'utf8')))).toEqual([])
  })

  it('is found wanting for hosts and for parts that are not listed', () => {
    expect(lockfileProblems(lockfile)).toEqual([
      'node_modules/tool names a host',
      '@tool/linux-x64-musl, wanted by node_modules/tool, is not listed',
      '@tool/darwin-arm64, wanted by node_modules/tool, is not listed',
    ])
  })

  it('is completed', () => {
    const complete = completeLockfile(structuredClone(lockfile))
    expect(lockfileProblems(complete)).toEqual([])
    expect(complete.packages['node_modules/@tool/linux-x64-musl']).toEqual({
      version: '2.0.0',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    })
  })
})
