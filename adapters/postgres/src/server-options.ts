import { milliseconds, StorageError, type Duration, type Meter } from 'tutti/storage'
import type { ConnectionConfig } from './client.ts'
import type { PoolLimits } from './connections.ts'

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

/** Where the server is, a URL or its parts, and how it is talked to. */
export interface ServerOptions {
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
  /** What measures the connections. @default the meter `tutti.storage` */
  readonly meter?: Meter
}

/** The schema's name, checked: it goes into statements as it is. */
export function schemaOf({ schema = 'tutti' }: ServerOptions): string {
  if (/^[a-z_][a-z0-9_]{0,39}$/.test(schema)) return schema
  throw invalidOption(`the schema ${JSON.stringify(schema)}; wanted up to 40 lower-case letters, digits and underscores`)
}

/** The limits of the pool, with every value settled. */
export function limitsOf({ pool = {}, statementTimeout = '1m' }: ServerOptions): PoolLimits {
  const max = pool.max ?? 10
  if (!Number.isInteger(max) || max < 1) throw invalidOption(`pool.max: ${String(max)}; wanted 1 or more`)
  return {
    max,
    idleTimeout: milliseconds(pool.idleTimeout ?? '10s'),
    maxLifetime: milliseconds(pool.maxLifetime ?? '30m'),
    connectTimeout: milliseconds(pool.connectTimeout ?? '5s'),
    statementTimeout: milliseconds(statementTimeout),
  }
}

/** What connections are made with. */
export function connectionConfig({ url, host, port, user, password, database, ssl }: ServerOptions): ConnectionConfig {
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
export function placeOf({ url, host, port, database }: ServerOptions): string {
  const from = url === undefined ? undefined : parsed(url)
  const name = database ?? decodeURIComponent(from?.pathname.slice(1) ?? '')
  return `${host ?? (from?.hostname || 'localhost')}:${port ?? (from?.port || 5432)}${name && `/${name}`}`
}

/** The URL is never shown: it may hold a password. */
function parsed(url: string): URL {
  const result = URL.canParse(url) ? new URL(url) : undefined
  if (result?.protocol === 'postgres:' || result?.protocol === 'postgresql:') return result
  throw invalidOption('a URL that is none of PostgreSQL; wanted one such as postgres://user:password@host:5432/database')
}

/** An option that cannot be meant. */
export function invalidOption(received: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', `postgres received ${received}.`)
}
