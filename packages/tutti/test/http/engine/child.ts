import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { AppOptions } from '../../../src/index.ts'

const script = fileURLToPath(new URL('child-app.ts', import.meta.url))

/** What a child process is to do. */
export interface ChildOptions {
  readonly app?: Omit<AppOptions, 'clock'>
  readonly mode?: 'crash-at-import' | 'crash-at-start' | 'exit-at-start' | 'crash-soon'
  readonly port?: number
  readonly host?: string
}

/** `node child-app.ts` in a process of its own. */
export class Child {
  readonly process: ChildProcessWithoutNullStreams
  /** Resolves with the exit code; `null` where a signal ended it. */
  readonly exit: Promise<number | null>
  stdout = ''
  stderr = ''
  #ended = false
  #wake: (() => void)[] = []

  constructor({ app = {}, mode, port = 0, host = '127.0.0.1' }: ChildOptions = {}) {
    this.process = spawn(process.execPath, ['--conditions=@tutti/source', script], {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NO_COLOR: '1',
        TEST_OPTIONS: JSON.stringify(app),
        TEST_MODE: mode ?? '',
        TEST_PORT: String(port),
        TEST_HOST: host,
      },
    })
    this.process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      this.#wakeAll()
    })
    this.process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
      this.#wakeAll()
    })
    this.exit = new Promise((resolve) => {
      this.process.once('close', (code) => {
        this.#ended = true
        resolve(code)
        this.#wakeAll()
      })
    })
  }

  /** Resolves with the match once the process has written something that matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout) ?? pattern.exec(this.stderr)
      if (match !== null) return match
      if (this.#ended) throw new Error(`The process ended before ${pattern}:\n${this.stdout}\n${this.stderr}`)
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async url(): Promise<string> {
    return (await this.until(/^listening (http\S+)$/m))[1] as string
  }

  /** How many requests the handler of `/` began, in all processes; known when they have ended in order. */
  get begun(): number {
    return [...this.stdout.matchAll(/^begun (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  }

  /** Lets the handler of `/held` answer. */
  release(): void {
    this.process.stdin.write('go on')
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal)
  }

  /** Makes sure that nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL')
    await this.exit
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}
