import type * as Library from 'pg'
import type { Client, ClientConfig, Connection, Pool, PoolClient, PoolConfig } from 'pg'

export type { Client, Connection, Pool, PoolClient }

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

/** What is sent and how answers are read, for something that the library waits for as for one of its own queries. */
export interface Exchange {
  submit(connection: Connection): void
  handleRowDescription(message: { readonly fields: readonly { readonly name: string; readonly dataTypeID: number }[] }): void
  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void
  handleCommandComplete(message: { readonly text: string }): void
  handleEmptyQuery(): void
  handleCopyInResponse(connection: Connection): void
}

/** Does an exchange on a connection. Resolves with the error that ended it, of the server or the connection; `undefined` where all is well. */
export async function converse(client: PoolClient, exchange: Exchange): Promise<Error | undefined> {
  const { Query } = await library()
  return new Promise((resolve) => {
    // Where there is none the library says null, whatever its types say.
    const query = new Query({ text: '' }, (error) => resolve(error ?? undefined))
    try {
      client.query(Object.assign(query, exchange))
    } catch (error) {
      // Something of it may have been sent.
      resolve(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

/** A value as it is sent. */
export type SentValue = string | Buffer | null

/** How the library has values sent. Throws for one that cannot be. */
export async function valueSender(): Promise<(value: unknown) => SentValue> {
  const { default: utils } = await import('pg/lib/utils.js')
  return utils.prepareValue
}

/** A connection of its own, not yet connected. */
export async function createClient(config: ConnectionConfig): Promise<Client> {
  const { Client: Constructor } = await library()
  return new Constructor(config)
}
