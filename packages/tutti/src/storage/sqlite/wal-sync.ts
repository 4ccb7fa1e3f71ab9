import type fs from 'node:fs'

/**
 * Brings what was committed from the operating system's memory to the disk: what SQLite would do itself with `synchronous=FULL`, without
 * the event loop waiting for it.
 *
 * One descriptor stays open for as long as the database is: a disk that fails is reported to those who had the file open then, and the
 * `-wal` file keeps its inode while a connection is open.
 */
export class WalSync {
  readonly #descriptor: number
  readonly #fs: typeof fs
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined
  #failed: unknown

  constructor(file: string) {
    this.#fs = process.getBuiltinModule('node:fs')
    this.#descriptor = this.#fs.openSync(file, 'r+')
  }

  /** Resolves when all that had been committed at the call is on the disk. Rejects for ever after the disk has failed once. */
  sync(): Promise<void> {
    if (this.#failed !== undefined) return Promise.reject(this.#failed)
    // One that runs already may have begun before the commit, so it counts only for those who came earlier.
    if (this.#running !== undefined) return (this.#next ??= this.#running.then(() => this.#start()))
    return this.#start()
  }

  close(): void {
    this.#fs.closeSync(this.#descriptor)
  }

  #start(): Promise<void> {
    this.#next = undefined
    const done = new Promise<void>((resolve, reject) => {
      this.#fs.fdatasync(this.#descriptor, (error) => {
        this.#running = undefined
        if (error === null) return resolve()
        // What the operating system could not write it may have dropped: trying again would succeed and prove nothing.
        this.#failed = error
        reject(error)
      })
    })
    this.#running = done
    return done
  }
}
