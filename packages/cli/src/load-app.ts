import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { App } from 'tutti'
import { CommandError } from './command-error.ts'
import type { Io } from './io.ts'
import { text } from './option.ts'
import type { Output } from './output.ts'

/** Where an application is looked for. */
const usualFiles = ['src/app.ts', 'app.ts', 'src/app.js', 'app.js', 'src/app.mjs', 'app.mjs'] as const

export const appOption = text(
  '--app <file>',
  'the module that exports the App as default; else "tutti": { "app" } of package.json, src/app.ts, app.ts',
)

/** What finds an application. */
export interface AppCall {
  readonly options: { readonly app: string | undefined }
  readonly io: Io
  readonly output: Output
}

/** The file of the application. Throws a `CommandError` where there is none. */
export function appFile({ options, io }: Pick<AppCall, 'options' | 'io'>): string {
  const configured = options.app ?? settingsOf(io.cwd).app
  const wanted = configured === undefined ? usualFiles : [configured]
  const found = wanted.map((file) => resolve(io.cwd, file)).find((file) => existsSync(file))
  if (found !== undefined) return found
  throw new CommandError(
    configured === undefined
      ? `There is no application here: none of ${usualFiles.join(', ')} exists. Give its file with --app, or begin one with \`tutti new\`.`
      : `The application ${configured} does not exist; wanted a module that exports the App as default.`,
  )
}

/** What `"tutti"` of package.json says. */
export function settingsOf(folder: string): { readonly app?: string; readonly main?: string } {
  const file = join(folder, 'package.json')
  if (!existsSync(file)) return {}
  let manifest: unknown
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new CommandError('package.json is not JSON.', { cause })
  }
  const settings: unknown = typeof manifest === 'object' && manifest !== null && 'tutti' in manifest ? manifest.tutti : {}
  const setting = (name: string): string | undefined => {
    const value: unknown = typeof settings === 'object' && settings !== null ? Reflect.get(settings, name) : undefined
    if (value === undefined || typeof value === 'string') return value
    throw new CommandError(`"tutti": { ${JSON.stringify(name)} } of package.json is ${JSON.stringify(value)}; wanted the path of a file.`)
  }
  const app = setting('app')
  const main = setting('main')
  return { ...(app !== undefined && { app }), ...(main !== undefined && { main }) }
}

/** Loads the application. Its module exports it as default, or a function that makes it. */
export async function loadApp(call: Pick<AppCall, 'options' | 'io'>): Promise<App> {
  const file = appFile(call)
  let loaded: unknown
  try {
    loaded = await import(pathToFileURL(file).href)
  } catch (cause) {
    throw new CommandError(`The application ${file} cannot be loaded.`, { cause })
  }
  const exported: unknown = typeof loaded === 'object' && loaded !== null && 'default' in loaded ? loaded.default : undefined
  const app: unknown = typeof exported === 'function' ? await exported() : exported
  if (isApp(app)) return app
  throw new CommandError(
    `${file} exports ${exported === undefined ? 'nothing' : typeof exported} as default; wanted the App: export default app`,
  )
}

/** Not by its class: the command may come with another copy of Tutti than the application. */
function isApp(value: unknown): value is App {
  return typeof value === 'object' && value !== null && 'listen' in value && 'openStorages' in value && 'prepare' in value
}

/** Loads the application to look at it; what it logs is not wanted in between, unless somebody asks for it. */
async function quietApp(call: AppCall): Promise<App> {
  process.env['LOG_LEVEL'] ??= 'silent'
  return loadApp(call)
}

/** Does something with the application, which has not started. */
export async function withApp<T>(call: AppCall, use: (app: App) => Promise<T>): Promise<T> {
  const app = await quietApp(call)
  try {
    await app.prepare()
    return await use(app)
  } finally {
    await app.stop()
  }
}

/** Does something with what the application has stored. It takes no work meanwhile, and changes no schema. */
export function withOpenApp<T>(call: AppCall, use: (app: App) => Promise<T>): Promise<T> {
  return withApp(call, async (app) => {
    const storages = await app.openStorages()
    if (storages.length === 0) throw new CommandError(`The application ${app.name} uses no storage.`)
    for (const storage of storages) {
      const { from, to, steps } = await storage.migrate({ dryRun: true })
      if (from === 0 && steps.length > 0)
        throw new CommandError('The storage is empty: start the application, or run `tutti storage init`.')
      if (steps.length > 0)
        throw new CommandError(
          `The storage has version ${from} of its schema, and this version of Tutti wants ${to}: run \`tutti migrate\`.`,
        )
    }
    await app.start({ work: false })
    return use(app)
  })
}
