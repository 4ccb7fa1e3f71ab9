import { PoolMetrics, type PoolPurpose } from 'tutti/storage'
import { createPool, type ConnectionConfig, type Pool, type PoolConnection } from './client.ts'
import { isLost, storageError } from './failures.ts'
import { Lease, settled, type StatementResult } from './lease.ts'

/** How a pool is limited; times in milliseconds. */
export interface PoolLimits {
  readonly max: number
  readonly idleTimeout: number
  readonly maxLifetime: number
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly lockTimeout: number
}

/** What connections are used for at the moment. */
export interface PoolCounts {
  readonly max: number
  readonly inUse: number
  /** Callers that wait for one. */
  readonly waiting: number
}

/** The same on every server: what is read is committed, quotes and backslashes mean what they usually do, and times are UTC. */
const session = (lockTimeout: number): string[] => [
  'set session transaction isolation level read committed',
  `set session sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'`,
  `set session time_zone = '+00:00', session autocommit = 1, session innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(lockTimeout / 1000))}`,
  'select @@max_allowed_packet',
]

/** The connections to one server, made as they are needed and made anew when they were lost. */
export class Connections {
  /** The server without password. */
  readonly place: string
  readonly #config: ConnectionConfig
  readonly #limits: PoolLimits
  /** When each connection was made. */
  readonly #since = new WeakMap<object, number>()
  #pool: Promise<Pool> | undefined
  #packet = 1_048_576
  #inUse = 0
  #waiting = 0
  readonly #purpose: PoolPurpose
  #metrics: PoolMetrics | undefined

  constructor(config: ConnectionConfig, limits: PoolLimits, purpose: PoolPurpose) {
    this.#config = config
    this.#limits = limits
    this.#purpose = purpose
    this.place = purpose.place
  }

  get counts(): PoolCounts {
    return { max: this.#limits.max, inUse: this.#inUse, waiting: this.#waiting }
  }

  /** How many bytes a packet may hold. */
  get packetSize(): number {
    return this.#packet
  }

  /** A connection of one's own, to be given back with `release`. */
  async checkout(): Promise<Lease> {
    try {
      const pool = await this.#open()
      for (;;) {
        const connection = await (this.#metrics ??= this.#measure()).acquire(() => this.#acquire(pool))
        const lease = this.#lease(connection)
        const since = this.#since.get(connection.connection)
        if (since === undefined) {
          await this.#prepare(connection, lease)
          return lease
        }
        if (performance.now() - since < this.#limits.maxLifetime) return lease
        lease.release(true)
      }
    } catch (error) {
      throw storageError(error, this.place, 'none')
    }
  }

  /** Runs statements that only read. Those that a lost connection broke are run again. */
  async read(statements: readonly string[]): Promise<readonly StatementResult[]> {
    return this.with((lease) => lease.ask(statements), { attempts: 3 })
  }

  /** Does something with a connection, again where it was lost; so it must be something that can be done twice. */
  async with<T>(work: (lease: Lease) => Promise<T>, { attempts }: { readonly attempts: number }): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const lease = await this.checkout()
      try {
        const result = await work(lease)
        lease.release()
        return result
      } catch (error) {
        lease.release(await settled(lease, error))
        if (!isLost(error)) throw error
        if (attempt === attempts) throw storageError(error, this.place, attempts > 1 ? 'none' : 'unknown')
      }
    }
  }

  async end(): Promise<void> {
    const pool = await this.#pool?.catch(() => undefined)
    await pool?.end().catch(() => undefined)
    this.#metrics?.[Symbol.dispose]()
  }

  #measure(): PoolMetrics {
    const { connectTimeout } = this.#limits
    return new PoolMetrics({
      purpose: this.#purpose,
      state: () => {
        const { max, inUse, waiting } = this.counts
        return { used: inUse, idle: undefined, max, waiting }
      },
      connectTimeout,
    })
  }

  #lease(connection: PoolConnection): Lease {
    this.#inUse++
    return new Lease(connection, this.#limits.statementTimeout, (broken) => {
      this.#inUse--
      if (broken) connection.destroy()
      else connection.release()
    })
  }

  async #prepare(connection: PoolConnection, lease: Lease): Promise<void> {
    try {
      const results = await lease.ask(session(this.#limits.lockTimeout))
      this.#packet = Number(results.at(-1)?.rows[0]?.[0])
      this.#since.set(connection.connection, performance.now())
    } catch (error) {
      lease.release(true)
      throw error
    }
  }

  async #acquire(pool: Pool): Promise<PoolConnection> {
    const late = Promise.withResolvers<never>()
    const { connectTimeout, max } = this.#limits
    const timer = setTimeout(() => {
      const message = `all ${max} connections were in use for ${connectTimeout} ms; raise pool.max or keep transactions shorter`
      late.reject(Object.assign(new Error(message), { code: 'POOL_EXHAUSTED' }))
    }, connectTimeout)
    const connecting = pool.getConnection()
    this.#waiting++
    try {
      return await Promise.race([connecting, late.promise])
    } catch (error) {
      // One that comes too late goes back, whoever waits next.
      connecting.then(
        (connection) => connection.release(),
        () => undefined,
      )
      throw error
    } finally {
      this.#waiting--
      clearTimeout(timer)
    }
  }

  #open(): Promise<Pool> {
    return (this.#pool ??= createPool({
      ...this.#config,
      connectionLimit: this.#limits.max,
      maxIdle: this.#limits.max - 1,
      idleTimeout: this.#limits.idleTimeout,
      connectTimeout: this.#limits.connectTimeout,
      multipleStatements: true,
      charset: 'utf8mb4_bin',
      timezone: 'Z',
      supportBigNumbers: true,
      maxPreparedStatements: 200,
      enableKeepAlive: true,
    }))
  }
}
