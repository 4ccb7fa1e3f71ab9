import { globSync } from 'node:fs'
import { resolve } from 'node:path'
import { CommandError, usageError } from '../command-error.ts'

/** The versions of what new projects use beside Tutti: those that Tutti is tested with. */
export const versions = {
  zod: '^4.6.7',
  '@types/node': '^26.6.6',
  typescript: '^7.0.2',
  vitest: '^5.1.1',
} as const

/** The packages of Tutti that a new project uses. */
export interface TuttiPackages {
  readonly tutti: string
  readonly '@tutti/cli': string
}

/** Where Tutti's packages come from: a range of versions, or a folder that holds what `npm pack` has made. */
export function tuttiPackages(spec: string, folder: string): TuttiPackages {
  if (!/[/\\]|^\.+$/.test(spec)) {
    if (/^[\w.^~<>=*-]+$/.test(spec)) return { tutti: spec, '@tutti/cli': spec }
    throw usageError(`--tutti received ${JSON.stringify(spec)}; wanted a version, such as ^1.2.0, or a folder with packages.`)
  }
  const from = resolve(folder, spec)
  const packed = (name: string): string => {
    const [found] = globSync(`${name}-[0-9]*.tgz`, { cwd: from })
    if (found === undefined) throw new CommandError(`There is no ${name}-….tgz in ${from}; make it with \`npm pack\`.`)
    return `file:${resolve(from, found)}`
  }
  return { tutti: packed('tutti'), '@tutti/cli': packed('tutti-cli') }
}

/** The package.json of a new project. */
export function manifestOf(name: string, tutti: TuttiPackages): string {
  const { zod, ...tools } = versions
  const manifest = {
    name,
    version: '0.1.0',
    private: true,
    type: 'module',
    scripts: { dev: 'tutti dev', start: 'node src/main.ts', test: 'vitest run', check: 'tsc' },
    dependencies: { tutti: tutti.tutti, zod },
    devDependencies: { '@tutti/cli': tutti['@tutti/cli'], ...tools },
    engines: { node: '>=24' },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}
