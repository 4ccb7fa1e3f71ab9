import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

export const root = join(import.meta.dirname, '../../../..')

/** A page of the documentation. */
export interface Page {
  /** Its path from the root. */
  readonly path: string
  readonly text: string
}

/** A TypeScript block of a page. */
export interface Snippet {
  readonly page: string
  /** The line at which it begins. */
  readonly line: number
  /** Whether it is marked as a program: ` ```ts run `. */
  readonly runs: boolean
  /** The code, behind what a comment `<!-- prelude … -->` right before the block holds. */
  readonly code: string
}

const places = ['*.md', 'docs/**/*.md', 'packages/*/README.md', 'examples/*/README.md']

export function readPages(): Page[] {
  return globSync(places, { cwd: root }).map((path) => ({ path: path.split(sep).join('/'), text: readFileSync(join(root, path), 'utf8') }))
}

const block = /(?:<!-- prelude\n(?<prelude>(?:(?!-->)[\s\S])*?)-->\s*)?^```ts(?<mark>[^\n]*)\n(?<code>[\s\S]*?)^```$/gm

export function snippetsOf({ path, text }: Page): Snippet[] {
  return [...text.matchAll(block)].map(({ index, groups = {} }) => {
    const mark = groups['mark']?.trim() ?? ''
    if (mark !== '' && mark !== 'run') throw new Error(`${path}: a block is marked "ts ${mark}"; wanted "ts" or "ts run".`)
    return {
      page: path,
      line: text.slice(0, index).split('\n').length,
      runs: mark === 'run',
      code: `${groups['prelude'] ?? ''}${groups['code'] ?? ''}`,
    }
  })
}

/** The YAML blocks of a page. */
export function yamlOf({ text }: Page): string[] {
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, code]) => code ?? '')
}

/** The links of a page to other files of the repository, as they stand. */
export function linksOf({ text }: Page): string[] {
  const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '').filter((target) => !/^[a-z]+:/.test(target))
}

/** What links can point at within a page, as GitHub names its headings. */
export function anchorsOf({ text }: Page): Set<string> {
  const headings = text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.*)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}
