import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ScheduleSet } from './worker-schedules.ts'

/** Which storage a process opens, and how. */
export interface WorkerStorage {
  /** The absolute path of the module that exports `opener`. */
  readonly module: string
  /** The name of the function that opens the storage with `options`. */
  readonly opener: string
  /** As JSON can carry them. */
  readonly options: unknown
}

/** What a process opens and runs. */
interface Task extends WorkerStorage {
  readonly set: ScheduleSet
}

type Said = 'started' | 'slow' | 'jumped'

/** A process that runs schedules and jobs. */
export class Worker {
  readonly #child: ChildProcess
  readonly #exit: Promise<unknown[]>
  /** What was said and not yet heard, and who waits for what is not said yet. */
  readonly #said = new Map<Said, PromiseWithResolvers<void>>()
  #errors = ''

  constructor({ module, opener, options, set }: Task, owner: string) {
    const given = [pathToFileURL(module).href, opener, JSON.stringify(options), owner, set]
    this.#child = fork(join(import.meta.dirname, 'fixtures/worker.ts'), given, {
      execArgv: ['--conditions=@tutti/source'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#exit = once(this.#child, 'close')
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    // The process says nothing else.
    this.#child.on('message', (message) => this.#about(message as Said).resolve())
  }

  /** Waits until the process says something, if it has not said so since it was last heard. Rejects where it ends before. */
  async says(what: Said): Promise<void> {
    const ended = this.#exit.then(() => Promise.reject(new Error(`The process ended by itself: ${this.#errors}`)))
    await Promise.race([this.#about(what).promise, ended])
  }

  /** What the process says from now on is waited for. */
  heard(what: Said): void {
    this.#said.delete(what)
  }

  #about(what: Said): PromiseWithResolvers<void> {
    const known = this.#said.get(what) ?? Promise.withResolvers<void>()
    this.#said.set(what, known)
    return known
  }

  async jump(ahead: number): Promise<void> {
    this.heard('jumped')
    this.#child.send({ ahead })
    await this.says('jumped')
  }

  /** Has what is slow end as well. */
  hurry(): void {
    this.#child.send('hurry')
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(name)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exit
  }

  /** Stops the process in order. Rejects where it does not end well. */
  async stop(): Promise<void> {
    this.#child.send('stop')
    const [code] = await this.#exit
    if (code !== 0) throw new Error(`The process ended with ${String(code)}: ${this.#errors}`)
  }
}

/** Processes on one storage. */
export class Fleet implements AsyncDisposable {
  readonly workers: Worker[] = []
  readonly #task: Task
  #count = 0

  constructor(task: Task) {
    this.#task = task
  }

  async grow(): Promise<Worker> {
    const worker = new Worker(this.#task, `w${++this.#count}`)
    await worker.says('started')
    this.workers.push(worker)
    return worker
  }

  /** Resolves with a worker that has begun what does not end before it is told to. */
  async busyOne(): Promise<Worker> {
    return Promise.any(this.workers.map((worker) => worker.says('slow').then(() => worker)))
  }

  async kill(worker: Worker): Promise<void> {
    this.workers.splice(this.workers.indexOf(worker), 1)
    await worker.kill()
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.kill()))
  }
}
