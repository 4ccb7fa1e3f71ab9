import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { anchorsOf, linksOf, readPages, root, snippetsOf, type Snippet } from './pages.ts'

const pages = readPages()
const snippets = pages.flatMap(snippetsOf)
const nameOf = ({ page, line }: Snippet): string => `${page.replaceAll(/[^\w]+/g, '-')}-${line}.ts`

let folder = ''

beforeAll(() => {
  mkdirSync(join(root, '.tutti'), { recursive: true })
  folder = mkdtempSync(join(root, '.tutti/docs-'))
  // A program of the docs listens where the reader wants it; here it takes any free port.
  for (const snippet of snippets)
    writeFileSync(join(folder, nameOf(snippet)), `${snippet.code.replaceAll('listen(8000)', 'listen(0)')}\nexport {}\n`)
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.base.json', include: ['*.ts'] }))
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** After so many milliseconds a program that neither ends nor listens is ended. */
const longest = 50_000

/** Runs a program until it ends by itself, or listens and is told to stop. */
async function run(snippet: Snippet): Promise<{ code: number | null; output: string }> {
  const env = { ...process.env, NODE_ENV: 'test', LOG_LEVEL: 'info' }
  const child = spawn(process.execPath, ['--conditions=@tutti/source', nameOf(snippet)], { cwd: folder, env, timeout: longest })
  let output = ''
  let told = false
  const collect = (chunk: Buffer): void => {
    output += chunk.toString()
    // Told twice it would end at once, and not in order.
    if (told || !output.includes('listens on')) return
    told = true
    child.kill('SIGTERM')
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  // Windows has no signals: there, to be told to stop is to be ended.
  return { code: process.platform === 'win32' && signal === 'SIGTERM' ? 0 : code, output }
}

describe('the documentation', () => {
  it('has pages with code in them', () => {
    expect(pages.length).toBeGreaterThan(10)
    expect(snippets.length).toBeGreaterThan(30)
    expect(snippets.filter(({ runs }) => runs).length).toBeGreaterThan(5)
  })

  it('shows code that compiles', { timeout: 120_000 }, async () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const result = await promisify(execFile)(process.execPath, [tsc, '-p', folder], { cwd: folder }).catch(
      (error: { stdout: string }) => error,
    )
    expect(result.stdout).toBe('')
  })

  const programs = snippets.filter(({ runs }) => runs)
  it.each(programs.map((snippet) => [`${snippet.page}:${snippet.line}`, snippet] as const))(
    'runs %s',
    { timeout: 60_000 },
    async (_, snippet) => {
      const { code, output } = await run(snippet)
      expect(code, output).toBe(0)
    },
  )

  it('links to what exists', () => {
    const broken = pages.flatMap((page) =>
      linksOf(page).flatMap((link) => {
        const [target = '', anchor] = link.split('#')
        const path = target === '' ? page.path : posix.join(posix.dirname(page.path), target)
        if (!existsSync(join(root, path))) return [`${page.path}: ${link}`]
        if (anchor === undefined) return []
        const linked = { path, text: readFileSync(join(root, path), 'utf8') }
        return anchorsOf(linked).has(anchor) ? [] : [`${page.path}: ${link}`]
      }),
    )
    expect(broken).toEqual([])
  })

  it('lists every page of the guide in its index', () => {
    const index = pages.find(({ path }) => path === 'docs/README.md')
    const linked = new Set(index === undefined ? [] : linksOf(index))
    const own = pages
      .filter(({ path }) => path.startsWith('docs/') && path !== 'docs/README.md')
      .map(({ path }) => path.slice('docs/'.length))
    expect(own.filter((path) => !linked.has(path))).toEqual([])
  })
})

describe('the snippets of a page', () => {
  it('come with their prelude, and only where it stands right before them', () => {
    const text = 'a\n\n<!-- prelude\nconst a = 1\n-->\n```ts\nf(a)\n```\n\n```ts run\ng()\n```\n\n```sh\nls\n```\n'
    expect(snippetsOf({ path: 'p.md', text })).toEqual([
      { page: 'p.md', line: 3, runs: false, code: 'const a = 1\nf(a)\n' },
      { page: 'p.md', line: 10, runs: true, code: 'g()\n' },
    ])
    expect(() => snippetsOf({ path: 'p.md', text: '```ts skip\nx\n```\n' })).toThrow('p.md')
  })
})
