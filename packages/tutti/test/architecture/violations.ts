import { posix } from 'node:path'
import type { Architecture } from '../../../../architecture.ts'
import { findCycles } from './find-cycles.ts'
import { readImports } from './read-imports.ts'

/** Where the sources break the architecture, in words; `files` maps paths below `src` to their text. */
export function violations(files: ReadonlyMap<string, string>, architecture: Architecture): string[] {
  if (files.size === 0) return ['no source files were read: the architecture was not checked']
  const imports = new Map([...files].map(([file, text]) => [file, readImports(file, text)] as const))
  const local = new Map([...imports].map(([file, names]) => [file, names.filter(isRelative).map((name) => resolve(file, name))] as const))
  return [...folderViolations(local, architecture), ...cycleViolations(local), ...packageViolations(imports, architecture)]
}

const isRelative = (name: string): boolean => name.startsWith('.')
const resolve = (file: string, name: string): string => posix.join(posix.dirname(file), name)
const folderOf = (file: string): string => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '.')
/** `@scope/name/deep` and `name/deep` are parts of the packages `@scope/name` and `name`. */
const packageOf = (name: string): string =>
  name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/')

type Imports = ReadonlyMap<string, readonly string[]>

function folderViolations(local: Imports, { folders, testOnly }: Architecture): string[] {
  const unknown = new Set([...local.keys()].map(folderOf).filter((folder) => !Object.hasOwn(folders, folder)))
  const found = [...unknown].map((folder) => `the folder ${folder} is not in architecture.ts: say there what it may import`)
  for (const [file, targets] of local) {
    const from = folderOf(file)
    for (const target of targets) {
      const to = folderOf(target)
      if (target.startsWith('..')) found.push(`${file} imports ${target}, which lies outside src`)
      else if (!local.has(target)) found.push(`${file} imports ${target}, which does not exist`)
      else if (from === to) continue
      else if (testOnly.includes(to)) found.push(`${file} imports ${target}: ${to} is for tests only`)
      else if (!folders[from]?.includes(to)) found.push(`${file} imports ${target}: ${from} may not import ${to}`)
      else if (target !== `${to}/index.ts`) found.push(`${file} imports ${target}: other folders are imported through ${to}/index.ts`)
    }
  }
  return found
}

function cycleViolations(local: Imports): string[] {
  const folders = new Map<string, Set<string>>()
  for (const [file, targets] of local) {
    const from = folderOf(file)
    const to = folders.get(from) ?? new Set()
    for (const target of targets) if (folderOf(target) !== from) to.add(folderOf(target))
    folders.set(from, to)
  }
  return [
    ...findCycles(local).map((cycle) => `files import each other: ${cycle.join(' -> ')}`),
    ...findCycles(folders).map((cycle) => `folders import each other: ${cycle.join(' -> ')}`),
  ]
}

function packageViolations(imports: Imports, { packages }: Architecture): string[] {
  const importers = new Map<string, string[]>()
  for (const [file, names] of imports) {
    const used = names.filter((name) => !isRelative(name) && !name.startsWith('node:')).map(packageOf)
    for (const name of new Set(used)) importers.set(name, [...(importers.get(name) ?? []), file])
  }
  const found = [...importers].flatMap(([name, files]) => {
    const home = packages[name]
    if (name === 'tutti') return files.map((file) => `${file} imports tutti by its name: sources import each other by path`)
    if (files.length > 1) return [`${name} is imported in ${files.join(' and ')}: import a third-party package in one file only`]
    if (home === undefined) return [`${files[0]} imports ${name}: add it to the packages in architecture.ts`]
    return home === files[0] ? [] : [`${files[0]} imports ${name}, which architecture.ts gives to ${home}`]
  })
  const stale = Object.keys(packages).filter((name) => !importers.has(name))
  return [...found, ...stale.map((name) => `nothing imports ${name}: take it off the packages in architecture.ts`)]
}
