import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const shop = join(import.meta.dirname, '../../../../examples/shop/src/main.ts')

/** The shop as `npm start` runs it, in a process and a folder of its own. */
export interface ShopProcess extends AsyncDisposable {
  readonly url: string
}

/** Starts the shop with an empty storage; resolves once it listens. */
export async function startShop(): Promise<ShopProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-console-'))
  const env = { ...process.env, PORT: '0', NODE_ENV: 'development' }
  const child = spawn(process.execPath, ['--conditions=@tutti/source', shop], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  let errors = ''
  child.stderr.on('data', (chunk) => (errors = `${errors}${String(chunk)}`.slice(-4_000)))
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const lines = createInterface({ input: child.stdout })
  const url = await new Promise<string>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /open at (?<url>http\S+)/.exec(line)?.groups?.['url']
      if (found !== undefined) resolve(found)
    })
    child.once('exit', (code) => reject(new Error(`The shop ended with ${code} before it listened:\n${errors}`)))
  })
  return { url, [Symbol.asyncDispose]: stop }
}
