import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { buildConsole } from '../../../scripts/console.mjs'

const root = join(import.meta.dirname, '../../..')
const dist = join(root, 'packages/console/dist')

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
  readonly isEntry?: boolean
}

describe('the page as it is built', () => {
  let manifest: Readonly<Record<string, Chunk>>
  beforeAll(async () => {
    await buildConsole(root)
    manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'))
  }, 240_000)

  const text = (file: string): string => readFileSync(join(dist, file), 'utf8')

  /** What a chunk needs before it can run. */
  const needed = (key: string): readonly string[] => {
    const { file, css = [], imports = [] } = manifest[key] ?? { file: key }
    return [file, ...css, ...imports.flatMap(needed)]
  }

  it('shows its first view from at most 120 KB, compressed', () => {
    const files = new Set(['index.html', ...needed('index.html'), ...needed('src/views/overview/view.svelte')])
    const size = [...files].reduce((sum, file) => sum + gzipSync(text(file)).byteLength, 0)
    expect(files.size).toBeGreaterThan(3)
    expect(size).toBeLessThanOrEqual(120_000)
  })

  it('loads charts and graphs only when they are shown', () => {
    const first = new Set([...needed('index.html'), ...needed('src/views/overview/view.svelte')])
    const heavy = Object.entries(manifest).filter(([key]) => /plot|graph|flow/.test(key))
    expect(heavy.length).toBeGreaterThan(0)
    for (const [, { file }] of heavy) expect(first).not.toContain(file)
  })

  it('has no inline scripts or styles, and names no other host', () => {
    const html = text('index.html')
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\son\w+=|style=/)
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    // Found relative to the path that the server puts into the page.
    for (const [, at] of html.matchAll(/(?:src|href)="(?<at>[^"]+)"/g)) expect(at).toMatch(/^\.\//)
  })
})
