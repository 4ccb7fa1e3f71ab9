import { createHash } from 'node:crypto'
import { createStorage, milliseconds, StorageError, type Duration, type Storage, type StorageOptions } from 'tutti/storage'
import type { ConnectionConfig } from './client.ts'
import { Connections } from './connections.ts'
import { PostgresDriver } from './driver.ts'
import type { PoolCounts } from './pool-counts.ts'
import { WakeUps } from './wake-ups.ts'

/** How connections to the server are limited. */
export interface PoolOptions {
  /** Some of them, `lanes` + 3, are kept from transactions and your own SQL, so that these never stop other reads and writes; from twice as many on. @default 10 */
  readonly max?: number
  /** Connections that nobody uses are closed after this. @default '10s' */
  readonly idleTimeout?: Duration
  /** Connections are replaced when they are older than this. @default '30m' */
  readonly maxLifetime?: Duration
  /** How long a caller waits for a connection. @default '5s' */
  readonly connectTimeout?: Duration
}

/** Where the server is: a URL, or its parts. */
export interface PostgresOptions extends StorageOptions {
  /** Such as `postgres://user:password@host:5432/database`. @default the parts, and else libpq's environment variables */
  readonly url?: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  /** A function is asked for each new connection. */
  readonly password?: string | (() => string | Promise<string>)
  readonly database?: string
  /** As `tls.connect` takes them. @default what the URL says */
  readonly ssl?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly rejectUnauthorized?: boolean }
  /** The schema that holds Tutti's tables: lower-case letters, digits and underscores. @default 'tutti' */
  readonly schema?: string
  readonly pool?: PoolOptions
  /** How long a statement may take. @default '1m' */
  readonly statementTimeout?: Duration
  /** How many commits are under way at a time, 1 to 16. @default 2 */
  readonly lanes?: number
  /**
   * Hears of events of other processes over a connection of its own. Behind a pooler in transaction mode give `{ url }` of the server
   * itself, or `false`: then readers in other processes poll.
   * @default true
   */
  readonly wakeUps?: boolean | { readonly url: string }
  /** How many positions a partition of the events holds; fixed when the schema is made. @default 10000000 */
  readonly partitionSize?: number
}

/** Tutti's storage on PostgreSQL, and what only this one has. */
export interface PostgresStorage extends Storage {
  /** The connections at the moment. */
  readonly pool: PoolCounts
  /** Makes the partitions that the next events need. Writers have it done by themselves; a job may do it earlier. */
  ensurePartitions(): Promise<void>
  /**
   * Retention: drops the partitions of events that lie below a position as a whole, within an instant however large they are; streams then
   * begin behind what was dropped. Resolves with how many partitions went. Readers and writers wait for it shortly.
   */
  dropPartitions(below: number): Promise<number>
}

/**
 * Tutti's storage on PostgreSQL 14 and newer. Nothing connects before it is used; `migrate()` makes the schema. All statements are unnamed
 * and no session state is kept, so that it works behind a pooler in transaction mode, such as PgBouncer.
 */
export function postgres(options: PostgresOptions = {}): PostgresStorage {
  const { schema = 'tutti', lanes = 2, wakeUps = true, partitionSize = 10_000_000, pool = {} } = options
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(schema))
    throw invalid(`the schema ${JSON.stringify(schema)}; wanted up to 40 lower-case letters, digits and underscores`)
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 16) throw invalid(`lanes: ${String(lanes)}; wanted 1 to 16`)
  if (!Number.isSafeInteger(partitionSize) || partitionSize < 1) throw invalid(`partitionSize: ${String(partitionSize)}; wanted 1 or more`)
  const max = pool.max ?? 10
  if (!Number.isInteger(max) || max < 1) throw invalid(`pool.max: ${String(max)}; wanted 1 or more`)
  const config = connectionConfig(options)
  const limits = {
    max,
    idleTimeout: milliseconds(pool.idleTimeout ?? '10s'),
    maxLifetime: milliseconds(pool.maxLifetime ?? '30m'),
    connectTimeout: milliseconds(pool.connectTimeout ?? '5s'),
    statementTimeout: milliseconds(options.statementTimeout ?? '1m'),
  }
  const place = placeOf(options)
  // Transactions that wait for something else must not take the connections that this something is done with.
  const kept = lanes + 3
  const apart = max >= 2 * kept
  const connections = new Connections(config, { ...limits, max: apart ? kept : max }, place)
  const sessions = apart ? new Connections(config, { ...limits, max: max - kept }, place) : connections
  const driver = new PostgresDriver({
    connections,
    sessions,
    lanes: Math.min(lanes, max),
    // Two applications in one database do not hold back each other's readers.
    schema: { schema: `"${schema}"`, lockClass: createHash('sha256').update(schema).digest().readInt32BE() & 0x7fffffff, partitionSize },
    wakeUps:
      wakeUps === false
        ? undefined
        : new WakeUps({
            config: wakeUps === true ? config : connectionConfig({ url: wakeUps.url }),
            connectTimeout: limits.connectTimeout,
            channel: `${schema}_appended`,
            send: (channel, sender) => connections.write('select pg_notify($1, $2)', [channel, sender]),
          }),
  })
  return Object.defineProperties(createStorage(driver, options), {
    pool: { get: () => (apart ? sum(connections.counts, sessions.counts) : connections.counts), enumerable: true },
    ensurePartitions: { value: () => driver.partitions.ensure() },
    dropPartitions: { value: (below: number) => driver.partitions.drop(below) },
  }) as PostgresStorage
}

function sum(one: PoolCounts, other: PoolCounts): PoolCounts {
  return { total: one.total + other.total, idle: one.idle + other.idle, waiting: one.waiting + other.waiting }
}

function connectionConfig({ url, host, port, user, password, database, ssl }: PostgresOptions): ConnectionConfig {
  if (url !== undefined) parsed(url)
  return {
    ...(url !== undefined && { connectionString: url }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(ssl !== undefined && { ssl }),
  }
}

/** Where the server is, for messages: without user and password. */
function placeOf({ url, host, port, database }: PostgresOptions): string {
  const from = url === undefined ? undefined : parsed(url)
  const name = database ?? decodeURIComponent(from?.pathname.slice(1) ?? '')
  return `${host ?? (from?.hostname || 'localhost')}:${port ?? (from?.port || 5432)}${name && `/${name}`}`
}

/** The URL is never shown: it may hold a password. */
function parsed(url: string): URL {
  const result = URL.canParse(url) ? new URL(url) : undefined
  if (result?.protocol === 'postgres:' || result?.protocol === 'postgresql:') return result
  throw invalid('a URL that is none of PostgreSQL; wanted one such as postgres://user:password@host:5432/database')
}

function invalid(received: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', `postgres received ${received}.`)
}
