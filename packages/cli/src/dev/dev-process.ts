import { createRequire, stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorText } from '../error-text.ts'
import { processIo } from '../io.ts'
import { listen, type Entry } from './main-file.ts'

/** What most applications load, and what does nothing by being loaded. */
const usual = ['tutti', 'zod']

/** Loads what most applications need, as the project has it. What is wrong with it is told when the application loads it. */
export async function preload(): Promise<void> {
  const { resolve } = createRequire(join(process.cwd(), 'package.json'))
  const load = async (name: string): Promise<void> => void (await import(pathToFileURL(resolve(name)).href))
  await Promise.allSettled(usual.map(load))
  loadTypeScript()
}

/** What reads TypeScript is loaded with the first text, which takes 30 ms. */
function loadTypeScript(): void {
  const { emitWarning } = process
  // Only the function is experimental: that Node reads TypeScript is not.
  process.emitWarning = () => undefined
  stripTypeScriptTypes('')
  process.emitWarning = emitWarning
}

/** Runs an application in a process of its own, and tells errors so that they can be mended. */
export async function serve(entry: Entry): Promise<void> {
  const end = (error: unknown): void => {
    void errorText(error).then((text) => process.stderr.write(`\n${text}\n\n`, () => process.exit(1)))
  }
  // What nobody has caught ends the process, as without this.
  process.on('uncaughtException', end)
  try {
    if ('main' in entry) await import(pathToFileURL(entry.main).href)
    else await listen({ options: { app: entry.app, main: undefined }, io: processIo() })
  } catch (error) {
    end(error)
  }
}
