import { bytes, milliseconds, systemClock, type Duration, type Size } from '../../kernel/index.ts'
import { createStorage, type StorageOptions } from '../create-storage.ts'
import type { Storage } from '../storage.ts'
import { placeOf } from './paths.ts'
import { SqliteDriver } from './sqlite-driver.ts'

/** How a SQLite file is used: exactly one of `path` and `url` says which. */
export interface SqliteStorageOptions extends StorageOptions {
  /** The file, created with its folders where it is missing and readable by its owner alone; or `':memory:'`. */
  readonly path?: string
  /** `sqlite:data/shop.db`, `sqlite:///var/lib/shop.db` or `sqlite::memory:`. */
  readonly url?: string
  /** How long another process may hold the file's lock before a write fails with `TUTTI_STORAGE_BUSY`. @default '10s' */
  readonly busyTimeout?: Duration
  /** How far the log of writes may grow before it is moved into the file, in a thread of its own. @default '16mb' */
  readonly checkpointAfter?: Size
}

/**
 * A storage in a SQLite file: everything that was acknowledged is on the disk. Several processes of one machine can share the file. It is
 * opened when it is first used, so creating the storage costs nothing. A new file gets its tables then; an older one needs `migrate()`.
 */
export function sqliteStorage({ path, url, busyTimeout = '10s', checkpointAfter = '16mb', ...options }: SqliteStorageOptions): Storage {
  const driver = new SqliteDriver(placeOf({ path, url }), {
    busyTimeout: milliseconds(busyTimeout),
    checkpointAfter: bytes(checkpointAfter),
    clock: options.clock ?? systemClock,
  })
  return createStorage(driver, options)
}
