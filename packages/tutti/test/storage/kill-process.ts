import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** How a process opens the storage that it writes to. */
export interface KillTarget {
  /** The absolute path of the module that exports `opener`. */
  readonly module: string
  /** The name of the function that opens the storage with `options`. */
  readonly opener: string
  /** As JSON can carry them. */
  readonly options: unknown
}

/** A process that writes and keeps read models, once it is told to go. */
export class KillProcess {
  readonly #child: ChildProcess
  readonly #closed: Promise<never>
  #held = Promise.withResolvers<void>()
  #acknowledged: string[] = []
  /** How many events it has handled for read models, some of which may not be committed. */
  #handled = 0
  #handledBefore = 0
  #heard = Promise.withResolvers<void>()
  #rest = ''
  #errors = ''

  constructor(
    { module, opener, options }: KillTarget,
    { test, name, slot, cache }: { readonly test: string; readonly name: string; readonly slot: number; readonly cache: string },
  ) {
    const program = join(import.meta.dirname, 'kill-writer.ts')
    const given = [pathToFileURL(module).href, opener, JSON.stringify(options), test, name, String(slot)]
    const child = spawn(process.execPath, ['--conditions=@tutti/source', program, ...given], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })
    this.#child = child
    child.stdin.on('error', () => undefined)
    child.stdout.setEncoding('utf8').on('data', (text: string) => this.#hear(text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    this.#closed = new Promise((_, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => reject(new Error(`The writer ended with ${signal ?? `exit code ${code}`}: ${this.#errors}`)))
    })
    this.#closed.catch(() => undefined)
  }

  /** Tells it to write, for the first time or again. */
  go(): void {
    this.#handledBefore = this.#handled
    this.#child.stdin?.write('go\n')
  }

  /** Resolves when it has written something since it was told to go, and has handled so many events for read models. */
  async atWork(events: number): Promise<void> {
    while (this.#handled < this.#handledBefore + events || this.#acknowledged.length === 0) await this.#unlessClosed(this.#heard.promise)
  }

  /** Resolves when it has ended what it was writing, and writes no more. */
  async hold(): Promise<void> {
    this.#held = Promise.withResolvers()
    this.#child.stdin?.write('hold\n')
    await this.#unlessClosed(this.#held.promise)
  }

  /** Ends it, and rejects where it has ended before by itself. */
  async kill(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL')
    await this.#closed.catch((error: unknown) => {
      if (this.#child.signalCode !== 'SIGKILL') throw error
    })
  }

  /** What it has acknowledged since this was asked last. */
  takeAcknowledged(): string[] {
    return this.#acknowledged.splice(0)
  }

  #unlessClosed(promise: Promise<void>): Promise<void> {
    return Promise.race([promise, this.#closed])
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n')
    // The last line may be half written.
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [what, value = ''] = line.split(' ')
      if (what === 'handled') this.#handled = Number(value)
      else if (what === 'acknowledged') this.#acknowledged.push(value)
      else if (what === 'held') this.#held.resolve()
    }
    this.#heard.resolve()
    this.#heard = Promise.withResolvers()
  }
}
