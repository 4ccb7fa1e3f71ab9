import { existsSync, globSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CommandError } from '../command-error.ts'

/** Where the templates are: beside the sources, and beside what is built from them. */
const folder = join(dirname(fileURLToPath(import.meta.resolve('@tutti/cli/package.json'))), 'templates')

/** npm leaves these names out of packages. */
const hidden: Readonly<Record<string, string>> = { gitignore: '.gitignore', dockerignore: '.dockerignore' }

/** Files to be written: their contents by their paths, which are relative. */
export type Files = Readonly<Record<string, string>>

/** The files of a template, such as `generate/aggregate`. `fill` makes the final text of names and contents. */
export async function templateFiles(template: string, fill: (text: string) => string): Promise<Files> {
  const root = join(folder, ...template.split('/'))
  const names = globSync('**/*', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  const files: Record<string, string> = {}
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(root, path).split(sep).join('/')
    files[fill(hidden[name] ?? name)] = fill(await readFile(path, 'utf8'))
  }
  return Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Writes files into a folder: all of them or, where one exists already, none. */
export async function writeFiles(into: string, files: Files): Promise<void> {
  const there = Object.keys(files).filter((name) => existsSync(join(into, name)))
  if (there.length > 0)
    throw new CommandError(`${there.join(' and ')} ${there.length === 1 ? 'exists' : 'exist'} already; nothing was written.`)
  for (const [name, text] of Object.entries(files)) {
    const path = join(into, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text, { flag: 'wx' })
  }
}
