import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'
import { errorCodes } from '../src/kernel/error-codes.ts'

const sources = join(import.meta.dirname, '../src')
const adaptersFolder = join(import.meta.dirname, '../../../adapters')
const list = 'kernel/error-codes.ts'
const CODE = /^TUTTI_[A-Z0-9_]+$/
const codes = Object.keys(errorCodes).toSorted()

type Tree = Readonly<Record<string, unknown>>

/** The codes that stand as values in a source; neither in types, nor as the name of an environment variable in `env[…]`. */
function codesIn(file: string, text: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, value, property, ...rest } = node as Tree
    if (type === 'TSLiteralType') return
    if (type === 'Literal' && typeof value === 'string' && CODE.test(value)) found.push(value)
    Object.values(rest).forEach(visit)
    visit(value)
    if (type !== 'MemberExpression') visit(property)
  }
  visit(parseSync(file, text).program)
  return found
}

/** The headings `### TUTTI_…` of the page, with the text below each. */
function sectionsOf(page: string): { code: string; text: string }[] {
  return page
    .split(/^### /m)
    .slice(1)
    .map((section) => ({ code: /^`?(\S+?)`?\s/.exec(section)?.[1] ?? section, text: section.slice(section.indexOf('\n')).trim() }))
    .filter(({ code }) => CODE.test(code))
}

describe('error codes', () => {
  const files = globSync('**/*.ts', { cwd: sources }).map((file) => file.split(sep).join('/'))
  const adapters = globSync('*/src/**/*.ts', { cwd: adaptersFolder }).map((file) => file.split(sep).join('/'))
  const used = new Map([
    ...files.filter((file) => file !== list).map((file) => [file, codesIn(file, readFileSync(join(sources, file), 'utf8'))] as const),
    ...adapters.map((file) => [`adapters/${file}`, codesIn(file, readFileSync(join(adaptersFolder, file), 'utf8'))] as const),
  ])
  const sections = sectionsOf(readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8'))

  it('are well-formed, and listed once each', () => {
    expect(codes.filter((code) => !CODE.test(code))).toEqual([])
    const keys = [...readFileSync(join(sources, list), 'utf8').matchAll(/^ {2}(\w+):/gm)].map(([, key]) => key ?? '')
    expect(keys.toSorted()).toEqual(codes)
  })

  it('are each used by the sources', () => {
    const all = new Set([...used.values()].flat())
    expect(codes.filter((code) => !all.has(code))).toEqual([])
  })

  it('are used only when they are listed', () => {
    const unlisted = [...used].flatMap(([file, found]) => found.filter((code) => !codes.includes(code)).map((code) => `${file}: ${code}`))
    expect(unlisted, `add them to src/${list} and docs/errors.md`).toEqual([])
  })

  it('are each explained once in docs/errors.md, and nothing else is', () => {
    expect(sections.map(({ code }) => code).toSorted()).toEqual(codes)
    expect(
      sections.filter(({ text }) => text.length < 20).map(({ code }) => code),
      'say what causes it and what to do',
    ).toEqual([])
  })

  it('are found where they are values, and not taken for environment variables or types', () => {
    expect(codesIn('a.ts', `fail('TUTTI_A', { code: 'TUTTI_B' }); const x = { y: ['TUTTI_C'] }`)).toEqual(['TUTTI_A', 'TUTTI_B', 'TUTTI_C'])
    expect(codesIn('a.ts', `const storage = process.env['TUTTI_STORAGE']; type X = 'TUTTI_D'; say('see TUTTI_E')`)).toEqual([])
    expect(sectionsOf('# Errors\n\n### TUTTI_A\n\nCause.\n\n### Other\n\nx\n\n### `TUTTI_B`\nMore.\n')).toEqual([
      { code: 'TUTTI_A', text: 'Cause.' },
      { code: 'TUTTI_B', text: 'More.' },
    ])
  })
})
