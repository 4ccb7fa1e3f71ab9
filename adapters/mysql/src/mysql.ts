import { createStorage, milliseconds, StorageError, type Duration, type Meter, type Storage, type StorageOptions } from 'tutti/storage'
import { Connections, type PoolCounts, type PoolLimits } from './connections.ts'
import { MysqlDriver } from './driver.ts'
import { connectionOf, type ConnectionOptions } from './options.ts'
import { tablesOf } from './tables.ts'

/** How connections to the server are limited. */
export interface PoolOptions {
  /** For reads, transactions and SQL; `lanes` and one more come on top, for groups of writes and for positions. @default 10 */
  readonly max?: number
  /** Connections that nobody uses are closed after this. @default '30s' */
  readonly idleTimeout?: Duration
  /** Connections are replaced when they are older than this. @default '30m' */
  readonly maxLifetime?: Duration
  /** How long a caller waits for a connection: for a free one, and for the server. @default '5s' */
  readonly connectTimeout?: Duration
}

/** Where the database is, and how it is used. */
export interface MysqlOptions extends ConnectionOptions, StorageOptions {
  /** What the names of Tutti's tables begin with: a letter, and up to 31 letters, digits and underscores. @default 'tutti_' */
  readonly tablePrefix?: string
  readonly pool?: PoolOptions
  /** How long a statement may take; then its connection is given up. @default '1m' */
  readonly statementTimeout?: Duration
  /** How long a statement waits for the locks of others, in whole seconds. @default '10s' */
  readonly lockTimeout?: Duration
  /** How many groups of writes are under way at a time: 1 or 2. One was faster in every measurement on one server. @default 1 */
  readonly lanes?: number
  /** What measures the connections. @default the meter `tutti.storage` */
  readonly meter?: Meter
}

/** Tutti's storage on MySQL, and what only this one has. */
export interface MysqlStorage extends Storage {
  /** The connections for reads, transactions and SQL at the moment. */
  readonly pool: PoolCounts
}

/**
 * Tutti's storage in a database of MySQL (8.0.17 and newer) or MariaDB (10.6 and newer). Nothing connects before it is used; `migrate()`
 * makes the tables. Throws `TUTTI_OPTION_INVALID`.
 */
export function mysql(options: MysqlOptions): MysqlStorage {
  const { tablePrefix = 'tutti_', lanes = 1, pool = {}, meter } = options
  if (!/^[A-Za-z][A-Za-z0-9_]{0,31}$/.test(tablePrefix))
    throw invalid(`the tablePrefix ${JSON.stringify(tablePrefix)}; wanted a letter and up to 31 letters, digits and underscores`)
  if (lanes !== 1 && lanes !== 2) throw invalid(`lanes: ${String(lanes)}; wanted 1 or 2`)
  const max = pool.max ?? 10
  if (!Number.isInteger(max) || max < 1) throw invalid(`pool.max: ${String(max)}; wanted 1 or more`)
  const { config, database, place } = connectionOf(options)
  const limits: PoolLimits = {
    max,
    idleTimeout: milliseconds(pool.idleTimeout ?? '30s'),
    maxLifetime: milliseconds(pool.maxLifetime ?? '30m'),
    connectTimeout: milliseconds(pool.connectTimeout ?? '5s'),
    statementTimeout: milliseconds(options.statementTimeout ?? '1m'),
    lockTimeout: milliseconds(options.lockTimeout ?? '10s'),
  }
  const connections = new Connections(config, limits, { place, use: 'storage', meter })
  const driver = new MysqlDriver({
    connections,
    writers: new Connections(config, { ...limits, max: lanes + 1 }, { place, use: 'commits', meter }),
    tables: tablesOf(database, tablePrefix),
    database,
    prefix: tablePrefix,
    lanes,
  })
  // The property is added here, so the storage is one of these from now on.
  return Object.defineProperty(createStorage(driver, options), 'pool', { get: () => connections.counts, enumerable: true }) as MysqlStorage
}

function invalid(received: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', `mysql received ${received}.`)
}
