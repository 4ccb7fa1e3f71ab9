import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'

const folder = join(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name: string; exports: Record<string, unknown> }

/** The subpaths that hold code, with the source file of each. */
const subpaths = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'object' && target !== null && '@tutti/source' in target ? [[subpath, String(target['@tutti/source'])] as const] : [],
)

it('every subpath exports the names that are pinned in export-names.txt', async () => {
  const sections = subpaths.map(async ([subpath, source]) => {
    const names = Object.keys((await import(pathToFileURL(join(folder, source)).href)) as object).toSorted()
    return [`${manifest.name}${subpath.slice(1)}`, ...names.map((name) => `  ${name}`)].join('\n')
  })
  const listing = `${(await Promise.all(sections)).join('\n\n')}\n`
  const advice =
    'The public names changed. Users depend on them: if the change is meant, pin it with ' +
    '`npx vitest run packages/tutti/test/export-names.test.ts -u`, look at the diff of export-names.txt, and add a changeset.'
  await expect(listing, advice).toMatchFileSnapshot('./export-names.txt')
})

it('every subpath has sources, types and JavaScript', () => {
  expect(subpaths.length).toBeGreaterThan(0)
  const shape = {
    '@tutti/source': expect.stringMatching(/\.ts$/),
    types: expect.stringMatching(/\.d\.ts$/),
    default: expect.stringMatching(/\.js$/),
  }
  for (const [subpath, target] of Object.entries(manifest.exports)) {
    if (subpath === './package.json') continue
    expect(target, subpath).toEqual(shape)
    // Conditions are tried in order: sources first for those who ask for them, `default` as the last resort.
    expect(Object.keys(target as object), subpath).toEqual(['@tutti/source', 'types', 'default'])
  }
})
