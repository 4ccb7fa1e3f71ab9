import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { App } from 'tutti'
import { CommandError } from '../command-error.ts'
import type { Io } from '../io.ts'
import { appFile, loadApp, settingsOf } from '../load-app.ts'
import { text } from '../option.ts'

export const mainOption = text(
  '--main <file>',
  'the module that listens; else "tutti": { "main" } of package.json, src/main.ts, main.ts, else the application itself',
)

const usualFiles = ['src/main.ts', 'main.ts', 'src/main.js', 'main.js'] as const

/** What says what is run. */
export interface MainCall {
  readonly options: { readonly app: string | undefined; readonly main: string | undefined }
  readonly io: Io
}

/** What is run: a module that listens by itself, or the file of an application that is told to. */
export type Entry = { readonly main: string } | { readonly app: string }

/** Finds what is run. Throws a `CommandError` where there is nothing. */
export function entryOf({ options, io }: MainCall): Entry {
  const wanted = options.main ?? (options.app === undefined ? settingsOf(io.cwd).main : undefined)
  if (wanted !== undefined) {
    const main = resolve(io.cwd, wanted)
    if (existsSync(main)) return { main }
    throw new CommandError(`The module ${wanted} does not exist; wanted one that listens.`)
  }
  const usual = options.app === undefined ? usualFiles.map((file) => resolve(io.cwd, file)).find((file) => existsSync(file)) : undefined
  return usual === undefined ? { app: appFile({ options, io }) } : { main: usual }
}

/** Loads the application and has it listen. */
export async function listen(call: MainCall): Promise<App> {
  const app = await loadApp(call)
  await app.listen()
  return app
}
