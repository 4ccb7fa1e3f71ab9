import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { run, type Io } from '../src/index.ts'

/** What a command line came to. */
export class Outcome {
  readonly code: number
  readonly out: string
  readonly err: string

  constructor(code: number, { out, err }: { readonly out: string; readonly err: string }) {
    this.code = code
    this.out = out
    this.err = err
  }

  /** What was printed, as one JSON value. */
  get json(): unknown {
    return JSON.parse(this.out)
  }

  /** What was printed, as lines of JSON. */
  get lines(): readonly unknown[] {
    return this.out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  }
}

/** Runs a command line in this process, as if it had been typed in a folder. */
export async function cli(
  argv: readonly string[],
  options: Partial<Omit<Io, 'input'>> & { readonly input?: string } = {},
): Promise<Outcome> {
  const written = { out: '', err: '' }
  const io: Io = {
    out: { write: (text) => (written.out += text) },
    err: { write: (text) => (written.err += text) },
    cwd: process.cwd(),
    env: process.env,
    signal: new AbortController().signal,
    ...options,
    input: Readable.from(options.input === undefined ? [] : [options.input]),
  }
  return new Outcome(await run(argv, io), written)
}

/** A folder of its own, which goes with the test. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A port on which nobody listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
