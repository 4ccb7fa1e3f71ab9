import type { Worker } from 'node:worker_threads'
import { TuttiError } from '../../kernel/index.ts'

/** What a checkpoint did: how many frames the log holds, and how many of them are in the database file. */
export interface Checkpoint {
  readonly frames: number
  readonly moved: number
}

/**
 * What runs in the thread. It has a connection of its own; `synchronous=normal` brings the log to the disk before its pages are moved,
 * and the database file before the log may begin anew.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads')
const { DatabaseSync } = require('node:sqlite')
const database = new DatabaseSync(workerData, { timeout: 0 })
database.exec('pragma synchronous = normal')
const restart = () => {
  if (database.prepare("select 1 from sqlite_schema where name = 'tutti_head'").get() === undefined) return
  try {
    database.exec('update tutti_head set position = position')
  } catch (error) {
    // Another process writes at this moment, and lets the log begin anew itself.
    if ((error.errcode & 0xff) !== 5) throw error
  }
}
parentPort.on('message', (message) => {
  if (message === 'close') {
    database.close()
    parentPort.close()
    return
  }
  try {
    const row = database.prepare('pragma wal_checkpoint(passive)').get()
    if (message === 'restart' && row.log === row.checkpointed) restart()
    parentPort.postMessage({ frames: row.log, moved: row.checkpointed })
  } catch (error) {
    parentPort.postMessage({ error })
  }
})
`

/** What the thread answers. */
type Answer = (Checkpoint & { readonly error?: undefined }) | { readonly error: unknown }

/** Moves pages from the log into the database file in a thread of its own, so that the event loop does not wait for the disk. */
export class Checkpointer {
  readonly #file: string
  #worker: Worker | undefined
  #ended: Promise<void> | undefined
  #waiting: PromiseWithResolvers<Checkpoint>[] = []

  constructor(file: string) {
    this.#file = file
  }

  /**
   * Moves what no reader needs any more, without keeping anybody from reading or writing. `restart` lets the log begin anew where all of it
   * was moved, by a write that changes nothing: whoever writes first then has to wait for the disk, and that had better be the thread.
   */
  checkpoint(kind: 'checkpoint' | 'restart' = 'checkpoint'): Promise<Checkpoint> {
    const waiting = Promise.withResolvers<Checkpoint>()
    this.#waiting.push(waiting)
    const worker = this.#start()
    // Writers may wait for it, so the process stays; otherwise an idle thread keeps nobody alive.
    worker.ref()
    worker.postMessage(kind)
    return waiting.promise
  }

  /** Lets the thread finish what it does. */
  async close(): Promise<void> {
    this.#worker?.ref()
    this.#worker?.postMessage('close')
    await this.#ended
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const { Worker: Thread } = process.getBuiltinModule('node:worker_threads')
    const worker = new Thread(program, { eval: true, workerData: this.#file, name: 'tutti-checkpoint' })
    const ended = Promise.withResolvers<void>()
    worker.unref()
    worker.on('message', (answer: Answer) => this.#answer(answer))
    worker.on('error', (error) => this.#answer({ error }))
    worker.on('exit', () => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.splice(0))
        reject(new TuttiError('TUTTI_STORAGE_CLOSED', 'The thread that moves the log of a SQLite file ended.'))
      ended.resolve()
    })
    this.#worker = worker
    this.#ended = ended.promise
    return worker
  }

  #answer(answer: Answer): void {
    const waiting = this.#waiting.shift()
    if (this.#waiting.length === 0) this.#worker?.unref()
    if ('frames' in answer) waiting?.resolve({ frames: answer.frames, moved: answer.moved })
    else waiting?.reject(answer.error)
  }
}
