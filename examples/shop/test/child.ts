import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A process of the shop, as `npm start` runs it, on a storage. */
export interface ShopProcess {
  readonly url: string
  /** What it said when it started. */
  readonly printed: string
  /** Ends it, and resolves with its exit code and signal. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<unknown>
}

/** Starts the shop, and resolves when it is open. */
export async function startProcess(storage: string): Promise<ShopProcess> {
  const child = spawn(process.execPath, ['--conditions=@tutti/source', 'src/main.ts'], {
    cwd: join(import.meta.dirname, '..'),
    env: { ...process.env, PORT: '0', STORAGE: storage },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let printed = ''
  for await (const line of createInterface({ input: child.stdout })) {
    printed += `${line}\n`
    if (line.includes('Ctrl+C')) break
  }
  const url = /open at (\S+)/.exec(printed)?.[1]
  if (url === undefined) throw new Error(`The shop did not open: ${printed}`)
  child.stdout.resume()
  return {
    url,
    printed,
    async end(signal) {
      child.kill(signal)
      return exited
    },
  }
}
