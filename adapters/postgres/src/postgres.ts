import { createHash } from 'node:crypto'
import { createStorage, type Storage, type StorageOptions } from 'tutti/storage'
import { Connections } from './connections.ts'
import { PostgresDriver } from './driver.ts'
import type { PoolCounts } from './pool-counts.ts'
import { connectionConfig, invalidOption, limitsOf, placeOf, schemaOf, type ServerOptions } from './server-options.ts'
import { WakeUps } from './wake-ups.ts'

/** Where the server is, and how it is used. */
export interface PostgresOptions extends StorageOptions, ServerOptions {
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
 * Tutti's storage on PostgreSQL 14 and newer. Nothing connects before it is used; `migrate()` makes the schema. No statement keeps
 * a name behind its transaction and no session state is kept, so that it works behind a pooler in transaction mode, such as PgBouncer.
 */
export function postgres(options: PostgresOptions = {}): PostgresStorage {
  const { lanes = 2, wakeUps = true, partitionSize = 10_000_000, meter } = options
  const schema = schemaOf(options)
  const limits = limitsOf(options)
  const { max } = limits
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 16) throw invalidOption(`lanes: ${String(lanes)}; wanted 1 to 16`)
  if (!Number.isSafeInteger(partitionSize) || partitionSize < 1)
    throw invalidOption(`partitionSize: ${String(partitionSize)}; wanted 1 or more`)
  const config = connectionConfig(options)
  const place = placeOf(options)
  // Transactions that wait for something else must not take the connections that this something is done with.
  const kept = lanes + 3
  const apart = max >= 2 * kept
  const connections = new Connections(config, { ...limits, max: apart ? kept : max }, { place, use: 'storage', meter })
  const sessions = apart ? new Connections(config, { ...limits, max: max - kept }, { place, use: 'transactions', meter }) : connections
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
