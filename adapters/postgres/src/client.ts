import type * as Library from 'pg'
import type { Client, ClientConfig, Pool, PoolClient, PoolConfig } from 'pg'

export type { Client, Pool, PoolClient }

/** What connections are made with; the password stays in here. */
export type ConnectionConfig = ClientConfig

// The library is loaded with the first connection, so that programs start before it.
const library = (): Promise<typeof Library> => import('pg')

/** A pool that no lost connection ends the process through. */
export async function createPool(config: PoolConfig): Promise<Pool> {
  const { Pool: Constructor } = await library()
  const pool = new Constructor(config)
  const ignore = (): void => undefined
  // Whoever uses the connection gets the error with its query; one that nobody uses is replaced when it is needed.
  pool.on('error', ignore)
  pool.on('connect', (client) => client.on('error', ignore))
  return pool
}

/** A connection of its own, not yet connected. */
export async function createClient(config: ConnectionConfig): Promise<Client> {
  const { Client: Constructor } = await library()
  return new Constructor(config)
}
