import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

/** How long a server took to start, in milliseconds. */
export interface Launch {
  /** From the call that started the process to the news that its port is open. */
  readonly listening: number
  /** From Node's own start to the open port, by the server's clock. */
  readonly inside: number
  /** From the call that started the process to the first answer, asked for as soon as the port was open. */
  readonly answered: number
}

const told = join(import.meta.dirname, 'told.cjs')

/** Starts a server, asks it once, and ends it. Rejects where it does not open a port. */
export async function launch(file: string): Promise<Launch> {
  const start = performance.now()
  const child = spawn(process.execPath, ['-r', told, file], {
    // Not the condition for sources, should the bench itself have been started with it in the environment.
    env: { ...process.env, NODE_ENV: 'production', NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  })
  try {
    const { port, elapsed } = JSON.parse(await firstLine(child)) as { port: number; elapsed: number }
    const listening = performance.now() - start
    const response = await fetch(`http://127.0.0.1:${port}/`)
    await response.text()
    return { listening, inside: elapsed, answered: performance.now() - start }
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    if (child.kill('SIGKILL')) await ended
  }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const news = child.stdio[3] as Readable
    news.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`the server ended with exit code ${code} before it listened`)))
  })
}
