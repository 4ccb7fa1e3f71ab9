import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** An answer is asked for again after this, in milliseconds: often enough to tell times apart. */
const pause = 2
/** Longer than anything takes that works, in milliseconds. */
const patience = 30_000

/** A project that is served, and served again after changes. */
export class ServedProject implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #url: string
  readonly #file: string
  readonly #source: string
  #listening = 0
  #failed = 0
  #output = ''

  private constructor(child: ChildProcess, parts: { readonly url: string; readonly file: string; readonly source: string }) {
    this.#child = child
    this.#url = parts.url
    this.#file = parts.file
    this.#source = parts.source
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.#output += String(text)))
  }

  /** Starts what watches the project, and waits until the application answers. */
  static async start(folder: string, args: readonly string[]): Promise<ServedProject> {
    const port = await freePort()
    const file = join(folder, 'src/app.ts')
    const source = await readFile(file, 'utf8')
    const start = performance.now()
    const child = spawn(process.execPath, args, {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '', PORT: String(port), HOST: '127.0.0.1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const project = new ServedProject(child, { url: `http://127.0.0.1:${port}/bench`, file, source })
    try {
      await project.#until((answer) => answer?.status === 404)
      project.#listening = performance.now() - start
      return project
    } catch (error) {
      await project[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The milliseconds from the call that started the process to the first answer. */
  get listening(): number {
    return this.#listening
  }

  /** How many requests got no answer since it first answered. */
  get failed(): number {
    return this.#failed
  }

  /** Has the application answer with a text, and gives the milliseconds from before the file is written to that answer. */
  async change(text: string): Promise<number> {
    // What watches may still be busy with the change before, as no person who edits would see it.
    await sleep(300)
    const changed = this.#source.replace(/(new App\(\{[^}]*\}\))/, `$1.get('/bench', () => '${text}')`)
    const start = performance.now()
    await writeFile(this.#file, changed)
    await this.#until((answer) => {
      if (answer === undefined) this.#failed++
      return answer?.text === text
    })
    return performance.now() - start
  }

  async #until(isDone: (answer: { readonly status: number; readonly text: string } | undefined) => boolean): Promise<void> {
    const end = performance.now() + patience
    while (!isDone(await this.#ask())) {
      if (this.#child.exitCode !== null || performance.now() > end) throw new Error(`the project is not served:\n${this.#output}`)
      await sleep(pause)
    }
  }

  async #ask(): Promise<{ readonly status: number; readonly text: string } | undefined> {
    try {
      const response = await fetch(this.#url, { signal: AbortSignal.timeout(patience) })
      return { status: response.status, text: await response.text() }
    } catch {
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGTERM')
    await ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
