import { pathToFileURL } from 'node:url'
import { errorText } from '../error-text.ts'
import { processIo } from '../io.ts'
import { listen, type Entry } from './main-file.ts'

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
