import { fork, type ChildProcess } from 'node:child_process'
import type { Message, Question, Usage } from './protocol.ts'

/** A server to start. */
export interface ServerProgram {
  readonly name: string
  readonly file: string
  readonly nodeOptions?: readonly string[]
  readonly args?: readonly string[]
  /** The milliseconds after which it has failed to start. @default 20 s */
  readonly startTime?: number
}

const usualStartTime = 20_000

/** A server in a process of its own; `stop` or `await using` ends it. */
export class ServerProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (usage: Usage) => void>()
  #url = ''
  #asked = 0

  private constructor(name: string, child: ChildProcess) {
    this.name = name
    this.#child = child
  }

  /** Starts a server and waits until it listens. Rejects, with what the server printed, where it does not. */
  static async start({ name, file, nodeOptions = [], args = [], startTime = usualStartTime }: ServerProgram): Promise<ServerProcess> {
    const child = fork(file, args, {
      execArgv: ['--conditions=@tutti/source', ...nodeOptions],
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const server = new ServerProcess(name, child)
    try {
      server.#url = await server.#listening(startTime)
      return server
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** Where it listens, such as `http://127.0.0.1:8000`. */
  get url(): string {
    return this.#url
  }

  /** What it has used up to now. */
  usage(): Promise<Usage> {
    return this.#ask('usage')
  }

  /** What it has used up to now, after collecting garbage. */
  collected(): Promise<Usage> {
    return this.#ask('collect')
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #listening(startTime: number): Promise<string> {
    return new Promise((resolve, reject) => {
      let output = ''
      const keep = (chunk: Buffer): void => {
        output = `${output}${chunk.toString()}`.slice(-4000)
      }
      this.#child.stdout?.on('data', keep)
      this.#child.stderr?.on('data', keep)
      const timer = setTimeout(() => reject(new Error(`${this.name} did not listen within ${startTime / 1000} s:\n${output}`)), startTime)
      this.#child.once('exit', (code, signal) => {
        clearTimeout(timer)
        reject(new Error(`${this.name} ended with ${signal ?? `exit code ${code}`}:\n${output}`))
      })
      this.#child.on('message', (message: Message) => {
        if ('url' in message) {
          clearTimeout(timer)
          resolve(message.url)
          return
        }
        this.#waiting.get(message.id)?.(message.usage)
        this.#waiting.delete(message.id)
      })
    })
  }

  #ask(ask: Question['ask']): Promise<Usage> {
    const question: Question = { id: ++this.#asked, ask }
    return new Promise((resolve, reject) => {
      const onExit = (): void => reject(new Error(`${this.name} ended while it was measured`))
      this.#child.once('exit', onExit)
      this.#waiting.set(question.id, (usage) => {
        this.#child.off('exit', onExit)
        resolve(usage)
      })
      this.#child.send(question)
    })
  }
}

/** Starts several servers, does something with them, and ends them whatever happens. */
export async function withServers<T>(
  programs: readonly ServerProgram[],
  work: (servers: readonly ServerProcess[]) => Promise<T>,
): Promise<T> {
  const servers: ServerProcess[] = []
  try {
    for (const program of programs) servers.push(await ServerProcess.start(program))
    return await work(servers)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}
