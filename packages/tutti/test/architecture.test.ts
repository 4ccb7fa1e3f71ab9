import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { architecture, type Architecture } from '../../../architecture.ts'
import { readImports } from './architecture/read-imports.ts'
import { violations } from './architecture/violations.ts'

const sources = join(import.meta.dirname, '../src')

const readSources = (folder: string): Map<string, string> =>
  new Map(globSync('**/*.ts', { cwd: folder }).map((file) => [file.split(sep).join('/'), readFileSync(join(folder, file), 'utf8')]))

describe('the architecture', () => {
  it('is what the sources follow', () => {
    expect(violations(readSources(sources), architecture)).toEqual([])
  })

  it('names only folders that exist', () => {
    const folders = new Set([...readSources(sources).keys()].map((file) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '.')))
    expect([...folders].toSorted()).toEqual(Object.keys(architecture.folders).toSorted())
  })
})

describe('the adapters', () => {
  const folder = join(import.meta.dirname, '../../../adapters')
  const names = globSync('*/package.json', { cwd: folder }).map((file) => file.slice(0, file.indexOf(sep)))

  it.each(names)('%s imports Tutti by its public paths, and each other package in one file', (name) => {
    const files = readSources(join(folder, name, 'src'))
    const homes = new Map<string, string[]>()
    for (const [file, text] of files) {
      for (const specifier of new Set(readImports(file, text))) {
        if (specifier.startsWith('node:') || /^tutti(?:\/[a-z-]+)?$/.test(specifier)) continue
        if (specifier.startsWith('.'))
          expect([...files.keys()], `${file} imports ${specifier}`).toContain(join(file, '..', specifier).split(sep).join('/'))
        else homes.set(specifier, [...(homes.get(specifier) ?? []), file])
      }
    }
    expect([...homes].filter(([, found]) => found.length > 1)).toEqual([])
  })
})

describe('the architecture check', () => {
  const rules: Architecture = {
    folders: {
      kernel: [],
      http: ['kernel'],
      events: ['kernel'],
      app: ['kernel', 'http', 'events', 'testing'],
      testing: ['app'],
      '.': ['app'],
    },
    packages: {},
    testOnly: ['testing'],
  }
  const check = (files: Record<string, string>, packages: Record<string, string> = {}) =>
    violations(new Map(Object.entries(files)), { ...rules, packages })

  it('passes what follows the rules', () => {
    const files = {
      'index.ts': `export { App } from './app/index.ts'`,
      'app/index.ts': `import type { Router } from '../http/index.ts'\nexport class App {}`,
      'http/index.ts': `export * from './router.ts'`,
      'http/router.ts': `import { find } from '../kernel/index.ts'\nimport { join } from 'node:path'\nimport way from 'find-my-way'`,
      'kernel/index.ts': `export const find = 1`,
      'testing/index.ts': `import { App } from '../app/index.ts'`,
    }
    expect(check(files, { 'find-my-way': 'http/router.ts' })).toEqual([])
  })

  it('fails when it reads no files', () => {
    expect(check({})).toEqual(['no source files were read: the architecture was not checked'])
    expect(violations(readSources(join(sources, 'no-such-folder')), rules)).toHaveLength(1)
  })

  it.each([
    ['a static import', `import { x } from './b.ts'`],
    ['an import for its effects', `import './b.ts'`],
    ['a type import', `import type { X } from './b.ts'`],
    ['an inline type import', `let x: import('./b.ts').X`],
    ['the type of an import', `let x: typeof import('./b.ts')`],
    ['an export', `export { x } from './b.ts'`],
    ['an export of everything', `export * as x from './b.ts'`],
    ['a dynamic import', `const load = async () => { await import('./b.ts') }`],
    ['a dynamic import of a template', 'const x = import(`./b.ts`)'],
    ['a require', `const x = require('./b.ts')`],
    ['a resolved require', `const x = require.resolve('./b.ts')`],
    ['a resolved import', `const x = import.meta.resolve('./b.ts')`],
  ])('sees %s', (_, text) => {
    expect(readImports('a.ts', text)).toEqual(['./b.ts'])
  })

  it.each<[string, Record<string, string>, string]>([
    [
      'a feature that imports another feature',
      { 'http/a.ts': `import '../events/index.ts'`, 'events/index.ts': '' },
      'http/a.ts imports events/index.ts: http may not import events',
    ],
    [
      'a base folder that imports a feature',
      { 'kernel/a.ts': `import type { X } from '../http/index.ts'`, 'http/index.ts': '' },
      'kernel/a.ts imports http/index.ts: kernel may not import http',
    ],
    [
      'a deep import',
      { 'http/a.ts': `import '../kernel/b.ts'`, 'kernel/b.ts': '' },
      'http/a.ts imports kernel/b.ts: other folders are imported through kernel/index.ts',
    ],
    [
      'sources that import testing, allowed or not',
      { 'app/a.ts': `import '../testing/index.ts'`, 'testing/index.ts': '' },
      'app/a.ts imports testing/index.ts: testing is for tests only',
    ],
    ['a file that does not exist', { 'http/a.ts': `import './b.ts'` }, 'http/a.ts imports http/b.ts, which does not exist'],
    ['a way out of src', { 'index.ts': `import '../test/a.ts'` }, 'index.ts imports ../test/a.ts, which lies outside src'],
    ['an unknown folder', { 'misc/a.ts': '' }, 'the folder misc is not in architecture.ts: say there what it may import'],
    [
      'a cycle of files',
      { 'http/a.ts': `import './b.ts'`, 'http/b.ts': `import './c.ts'`, 'http/c.ts': `export * from './a.ts'` },
      'files import each other: http/a.ts -> http/b.ts -> http/c.ts -> http/a.ts',
    ],
    [
      'a cycle of types alone',
      { 'http/a.ts': `import type { B } from './b.ts'`, 'http/b.ts': `import type { A } from './a.ts'` },
      'files import each other: http/a.ts -> http/b.ts -> http/a.ts',
    ],
    ['a file that imports itself', { 'http/a.ts': `import './a.ts'` }, 'files import each other: http/a.ts -> http/a.ts'],
    ['a package without a home', { 'http/a.ts': `import ws from 'ws'` }, 'http/a.ts imports ws: add it to the packages in architecture.ts'],
    [
      'a package imported in two files, deep paths and types included',
      { 'http/a.ts': `import '@scope/ws/deep'`, 'http/b.ts': `import type { X } from '@scope/ws'` },
      '@scope/ws is imported in http/a.ts and http/b.ts: import a third-party package in one file only',
    ],
    ['its own name', { 'http/a.ts': `import 'tutti/testing'` }, 'http/a.ts imports tutti by its name: sources import each other by path'],
  ])('finds %s', (_, files, message) => {
    expect(check(files)).toEqual([message])
  })

  it('finds a cycle of folders without a cycle of files', () => {
    const files = {
      'kernel/index.ts': `import '../http/index.ts'`,
      'http/index.ts': '',
      'http/a.ts': `import '../kernel/index.ts'`,
    }
    expect(check(files)).toContain('folders import each other: http -> kernel -> http')
  })

  it('finds a package that lives elsewhere or nowhere', () => {
    expect(check({ 'http/a.ts': `import 'ws'` }, { ws: 'http/b.ts' })).toEqual([
      'http/a.ts imports ws, which architecture.ts gives to http/b.ts',
    ])
    expect(check({ 'http/a.ts': '' }, { ws: 'http/b.ts' })).toEqual(['nothing imports ws: take it off the packages in architecture.ts'])
  })

  it('refuses a file that it cannot parse', () => {
    expect(() => check({ 'http/a.ts': 'import {' })).toThrow('http/a.ts cannot be parsed')
  })
})
