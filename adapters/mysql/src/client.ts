import type { Pool, PoolConnection, PoolOptions } from 'mysql2/promise'

export type { Pool, PoolConnection, PoolOptions }

/** What connections are made with; the password stays in here. */
export type ConnectionConfig = Pick<PoolOptions, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl' | 'socketPath'>

/** A pool that no lost connection ends the process through. The library is loaded with the first one, so that programs start before it. */
export async function createPool(config: PoolOptions): Promise<Pool> {
  const library = await import('mysql2/promise')
  return library.createPool(config)
}
