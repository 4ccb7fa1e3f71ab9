import { PoolMetrics, StorageError, type PoolPurpose } from 'tutti/storage'
import { createPool, type ConnectionConfig, type Pool, type PoolClient } from './client.ts'
import { isStatementError, storageError } from './failures.ts'
import type { PoolCounts } from './pool-counts.ts'
import type { TextRow } from './rows.ts'

/** How a pool is limited; times in milliseconds. */
export interface PoolLimits {
  readonly max: number
  readonly idleTimeout: number
  readonly maxLifetime: number
  readonly connectTimeout: number
  readonly statementTimeout: number
}

// Numbers are read by whoever needs them, and JSON stays text until somebody looks into it.
const asText = { getTypeParser: () => (value: string) => value }

/** A statement whose rows come as texts. Unnamed, so that it works through a pooler that changes the server connection between any two. */
export function textQuery(text: string, values: readonly unknown[] = []) {
  return { text, values: [...values], rowMode: 'array' as const, types: asText }
}

/** The connections to one server, made as they are needed and made anew when they were lost. */
export class Connections {
  /** The server without password. */
  readonly place: string
  readonly #config: ConnectionConfig
  readonly #limits: PoolLimits
  readonly #purpose: PoolPurpose
  #pool: Promise<Pool> | undefined
  #open: Pool | undefined
  #metrics: PoolMetrics | undefined

  constructor(config: ConnectionConfig, limits: PoolLimits, purpose: PoolPurpose) {
    this.#config = config
    this.#limits = limits
    this.#purpose = purpose
    this.place = purpose.place
  }

  /** How long a statement may take, in milliseconds. */
  get statementTimeout(): number {
    return this.#limits.statementTimeout
  }

  get counts(): PoolCounts {
    const pool = this.#open
    return { total: pool?.totalCount ?? 0, idle: pool?.idleCount ?? 0, waiting: pool?.waitingCount ?? 0 }
  }

  /** A connection of one's own, to be given back with `release`. */
  async checkout(): Promise<PoolClient> {
    const pool = await this.#get()
    try {
      return await (this.#metrics ??= this.#measure()).acquire(() => pool.connect())
    } catch (error) {
      throw storageError(error, this.place, 'none')
    }
  }

  /** Runs a statement that reads. One that a lost connection broke is run again. */
  async read(text: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#run(text, values)
      } catch (error) {
        if (attempt === 2 || isStatementError(error) || error instanceof StorageError) throw storageError(error, this.place, 'none')
      }
    }
  }

  /** Runs a statement that writes, in a transaction of its own. Rejects with the library's error where the server refused it. */
  async write(text: string, values: readonly unknown[]): Promise<readonly TextRow[]> {
    try {
      return await this.#run(text, values)
    } catch (error) {
      throw isStatementError(error) ? error : storageError(error, this.place, 'unknown')
    }
  }

  async #run(text: string, values: readonly unknown[]): Promise<readonly TextRow[]> {
    const client = await this.checkout()
    try {
      const { rows } = await client.query<string[]>(textQuery(text, values))
      client.release()
      return rows
    } catch (error) {
      client.release(!isStatementError(error))
      throw error
    }
  }

  async end(): Promise<void> {
    const pool = await this.#pool
    await pool?.end()
    this.#metrics?.[Symbol.dispose]()
  }

  #measure(): PoolMetrics {
    const { max, connectTimeout } = this.#limits
    return new PoolMetrics({
      purpose: this.#purpose,
      state: () => {
        const { total, idle, waiting } = this.counts
        return { used: total - idle, idle, max, waiting }
      },
      connectTimeout,
    })
  }

  async #get(): Promise<Pool> {
    this.#pool ??= createPool({
      ...this.#config,
      max: this.#limits.max,
      idleTimeoutMillis: this.#limits.idleTimeout,
      maxLifetimeSeconds: Math.ceil(this.#limits.maxLifetime / 1000),
      connectionTimeoutMillis: this.#limits.connectTimeout,
      query_timeout: this.#limits.statementTimeout,
      keepAlive: true,
      pipeline: true,
      application_name: 'tutti',
    })
    return (this.#open = await this.#pool)
  }
}
