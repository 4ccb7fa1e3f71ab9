import { TuttiError } from '../../kernel/index.ts'
import { StorageError } from '../errors.ts'
import { unlessBusy, writeFailure } from './busy.ts'
import { Checkpointer } from './checkpointer.ts'
import { Connection } from './connection.ts'
import { createFile, syncFolder, type Place } from './paths.ts'
import { Turns } from './turns.ts'
import { WalSync } from './wal-sync.ts'

/** How a file is used, with every value settled. */
export interface FileOptions {
  /** Milliseconds that other processes may hold the lock. */
  readonly busyTimeout: number
  /** Bytes that the log may grow to before its pages are moved into the database file. */
  readonly checkpointAfter: number
}

/** SQLite itself moves what is left of the log when the last connection closes; more bytes than these are moved in the thread before. */
const muchToMove = 1024 ** 2

/** The parts of an open file. */
interface Parts {
  readonly writer: Connection
  readonly reader: Connection
  /** Where nothing has to survive: no log to bring to the disk. */
  readonly wal: WalSync | undefined
  readonly checkpointer: Checkpointer
  /** Removes what a database in memory has left. */
  readonly remove: (() => Promise<void>) | undefined
}

/**
 * An open database file: one connection that writes, one that reads, and a log that is brought to the disk before anybody is told of what
 * was committed.
 *
 * SQLite runs with `synchronous=normal`, so a commit is a write into memory; `fdatasync` of the log follows on the thread pool. Between the
 * two the reading connection holds on to what was there before, so that nobody sees what a power failure could still take back.
 */
export class DatabaseFile {
  readonly writer: Connection
  readonly turns = new Turns()
  readonly #reader: Connection
  readonly #wal: WalSync | undefined
  readonly #checkpointer: Checkpointer
  readonly #remove: (() => Promise<void>) | undefined
  readonly #options: FileOptions
  #written = 0
  #checkpointing: Promise<void> | undefined
  /** The state of the file, by SQLite's count of others' commits, of which the log is known to be on the disk. */
  #confirmed = -1
  /** What the reader holds on to while a commit of ours is brought to the disk: the count of others' commits, and the end of it. */
  #held: { readonly version: number | undefined; readonly released: PromiseWithResolvers<void> } | undefined
  #failure: StorageError | undefined

  constructor({ writer, reader, wal, checkpointer, remove }: Parts, options: FileOptions) {
    this.writer = writer
    this.#reader = reader
    this.#wal = wal
    this.#checkpointer = checkpointer
    this.#remove = remove
    this.#options = options
  }

  /** Reads what is committed and on the disk, whatever is being written. */
  async read<T>(work: (connection: Connection) => T): Promise<T> {
    // Others may have been told of commits that the reader does not see as long as it holds on to what was there before ours.
    const held = this.#held
    if (held !== undefined && (held.version === undefined || held.version !== this.#version())) await held.released.promise
    const result = await unlessBusy(() => work(this.#reader), this.#options.busyTimeout)
    const unconfirmed = this.confirm()
    if (unconfirmed !== undefined) await unconfirmed
    return result
  }

  /** Begins a transaction that writes; only in one's turn. */
  async begin(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await unlessBusy(() => this.writer.run('begin immediate'), this.#options.busyTimeout)
  }

  /** Does work in a transaction of its own, which is on the disk when this resolves. The work says how many bytes it has written, roughly. */
  async write<T extends { readonly bytes: number }>(work: (connection: Connection) => T | Promise<T>): Promise<T> {
    return this.turns.during(async () => {
      await this.begin()
      let done: T
      try {
        done = await work(this.writer)
      } catch (error) {
        this.rollback()
        throw writeFailure(error)
      }
      await this.commit(done.bytes)
      return done
    })
  }

  /** Rolls back what was begun, unless SQLite has done so by itself. */
  rollback(): void {
    if (this.writer.inTransaction) this.writer.run('rollback')
  }

  /**
   * Commits what was begun and resolves once it is on the disk. Rejects where nothing was committed, or with `details.outcome` `'unknown'`
   * where the disk failed: then nothing more is written to the file by this process. `bytes` is roughly what was written; 0 for nothing,
   * which needs no disk.
   */
  async commit(bytes: number): Promise<void> {
    const { writer } = this
    if (bytes === 0) {
      this.rollback()
      await this.confirm()
      return
    }
    if (this.#wal === undefined) {
      writer.run('commit')
      this.#grown(bytes)
      return
    }
    try {
      await unlessBusy(() => this.#hold(), this.#options.busyTimeout)
      // As long as the lock is ours nobody else commits; our own commit does not count.
      const version = this.#version()
      writer.run('commit')
      this.#held = { version, released: Promise.withResolvers() }
    } catch (error) {
      this.#letGo()
      this.rollback()
      throw writeFailure(error)
    }
    try {
      await this.#wal.sync()
    } catch (error) {
      // The reader keeps what it holds: what was committed since may not be there after the next start.
      this.#release()
      throw this.#fail(error)
    }
    this.#letGo()
    this.#grown(bytes)
  }

  /** Brings what other processes have committed to the disk as well before it is shown; nothing to wait for where there is none. */
  confirm(): Promise<void> | undefined {
    if (this.#wal === undefined) return undefined
    const version = this.#version()
    if (version === this.#confirmed) return undefined
    return this.#confirm(this.#wal, version)
  }

  /** Waits for the checkpoint that runs, moves what is left of the log, and closes. */
  async close(): Promise<void> {
    // It needs turns itself, so it cannot be waited for during one.
    await this.#checkpointing
    await this.turns.during(async () => {
      if (this.#written >= muchToMove) await this.#checkpointer.checkpoint().catch(warn)
      await this.#checkpointer.close()
      this.rollback()
      this.#reader.close()
      this.writer.close()
      this.#wal?.close()
      await this.#remove?.()
    })
  }

  #hold(): void {
    if (!this.#reader.inTransaction) this.#reader.run('begin')
    this.#reader.get('select 1 from sqlite_schema limit 1')
  }

  #letGo(): void {
    if (this.#reader.inTransaction) this.#reader.run('commit')
    this.#release()
  }

  #release(): void {
    this.#held?.released.resolve()
    this.#held = undefined
  }

  /** SQLite's count of others' commits; `undefined` where it is locked for a moment, so that there was a change, or there may have been. */
  #version(): number | undefined {
    try {
      return this.writer.get<{ data_version: number }>('pragma data_version')?.data_version
    } catch {
      return undefined
    }
  }

  async #confirm(wal: WalSync, version: number | undefined): Promise<void> {
    try {
      await wal.sync()
    } catch (error) {
      throw this.#fail(error)
    }
    if (version !== undefined) this.#confirmed = version
  }

  #fail(cause: unknown): StorageError {
    return (this.#failure ??= new StorageError(
      'TUTTI_STORAGE_FAILED',
      `The disk did not take what was written to the SQLite file: ${cause instanceof Error ? cause.message : String(cause)}. Nothing more is written; look after the disk and start again.`,
      { status: 503, cause, details: { outcome: 'unknown' } },
    ))
  }

  #grown(bytes: number): void {
    this.#written += bytes
    if (this.#written < this.#options.checkpointAfter || this.#checkpointing !== undefined) return
    this.#checkpointing = this.#checkpoint()
      .catch(warn)
      .finally(() => (this.#checkpointing = undefined))
  }

  async #checkpoint(): Promise<void> {
    this.#written = 0
    // Most of it while others write; then what they have written meanwhile, so that the log can begin anew.
    await this.#checkpointer.checkpoint()
    await this.turns.during(() => this.#checkpointer.checkpoint('restart'))
  }
}

function warn(error: unknown): void {
  process.emitWarning(TuttiError.from(error))
}

/** Opens a database, creating the file and its folders where they are missing. */
export async function openDatabase(place: Place, options: FileOptions): Promise<DatabaseFile> {
  const opened = place.memory ? await openInMemory(options) : await openFile(place.file, options)
  return new DatabaseFile(opened, options)
}

async function openFile(file: string, options: FileOptions): Promise<Parts> {
  const { dirname } = process.getBuiltinModule('node:path')
  try {
    await createFile(file)
    const { writer, reader } = await connect(file, { ...options, durable: true })
    const wal = new WalSync(`${file}-wal`)
    await syncFolder(dirname(file))
    return { writer, reader, wal, checkpointer: new Checkpointer(file), remove: undefined }
  } catch (cause) {
    throw new StorageError(
      'TUTTI_STORAGE_UNAVAILABLE',
      `The SQLite file ${file} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}. Wanted a file that this process may read and write, on a local disk.`,
      { status: 503, cause },
    )
  }
}

/** Readers beside a writer need a file: one in a folder of its own that is never brought to the disk, and goes with the process. */
async function openInMemory(options: FileOptions): Promise<Parts> {
  const { mkdtemp, rm } = process.getBuiltinModule('node:fs/promises')
  const { join } = process.getBuiltinModule('node:path')
  const folder = await mkdtemp(join(process.getBuiltinModule('node:os').tmpdir(), 'tutti-'))
  const removeNow = (): void => process.getBuiltinModule('node:fs').rmSync(folder, { recursive: true, force: true })
  process.once('exit', removeNow)
  const file = join(folder, 'memory.db')
  const { writer, reader } = await connect(file, { ...options, durable: false })
  const remove = async (): Promise<void> => {
    process.off('exit', removeNow)
    await rm(folder, { recursive: true, force: true })
  }
  return { writer, reader, wal: undefined, checkpointer: new Checkpointer(file), remove }
}

async function connect(
  file: string,
  { busyTimeout, durable }: FileOptions & { readonly durable: boolean },
): Promise<{ readonly writer: Connection; readonly reader: Connection }> {
  const writer = new Connection(file)
  const mode = await unlessBusy(() => writer.get<{ journal_mode: string }>('pragma journal_mode = wal'), busyTimeout)
  if (mode?.journal_mode !== 'wal') {
    writer.close()
    throw new Error(`its journal mode stayed ${String(mode?.journal_mode)}, wanted wal`)
  }
  const reader = new Connection(file)
  for (const connection of [writer, reader])
    connection.exec(`pragma synchronous = ${durable ? 'normal' : 'off'}; pragma wal_autocheckpoint = 0; pragma cache_size = -32768`)
  writer.exec('pragma journal_size_limit = 67108864')
  reader.exec('pragma query_only = on')
  // The first read creates the log.
  for (const connection of [writer, reader]) await unlessBusy(() => connection.get('select 1 from sqlite_schema limit 1'), busyTimeout)
  return { writer, reader }
}
