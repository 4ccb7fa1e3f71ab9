import { createMeter, type BoundCounter, type BoundHistogram, type Labels, type Meter, type Observe } from '../observe/index.ts'

/** What the connections of a pool do at the moment. */
export interface PoolState {
  readonly used: number
  /** `undefined` where the client library does not tell. */
  readonly idle: number | undefined
  readonly max: number
  /** Callers that wait for one. */
  readonly waiting: number
}

/** What a pool is for. */
export interface PoolPurpose {
  /** Where its server is, without password: such as `localhost:5432/shop`. */
  readonly place: string
  /** Tells it apart from other pools to the same place. */
  readonly use: string
  /** `undefined` for the meter `tutti.storage`. */
  readonly meter: Meter | undefined
}

/** What a pool is measured by. */
export interface PoolMetricsOptions {
  readonly purpose: PoolPurpose
  state(): PoolState
  /** How long a caller waits at most, in milliseconds. */
  readonly connectTimeout: number
}

const namePrefix = 'db.client.connection'

/** Measures a pool of connections, under the names that OpenTelemetry has for it. Disposing it ends its gauges. */
export class PoolMetrics implements Disposable {
  readonly #connectTimeout: number
  readonly #waits: BoundHistogram
  readonly #timeouts: BoundCounter
  readonly #gauges: readonly Disposable[]

  constructor({ purpose, state, connectTimeout }: PoolMetricsOptions) {
    const { place, use, meter = createMeter('tutti.storage') } = purpose
    const labels: Labels = { [`${namePrefix}.pool.name`]: `${place} ${use}` }
    const inState = (value: number, of: string) => ({ value, labels: { ...labels, [`${namePrefix}.state`]: of } })
    const count: Observe = () => {
      const { used, idle } = state()
      return idle === undefined ? [inState(used, 'used')] : [inState(used, 'used'), inState(idle, 'idle')]
    }
    const max: Observe = () => [{ value: state().max, labels }]
    const pending: Observe = () => [{ value: state().waiting, labels }]
    this.#connectTimeout = connectTimeout
    this.#gauges = [
      meter.gauge(`${namePrefix}.count`, count, { unit: '{connection}', description: 'Connections by what they do' }),
      meter.gauge(`${namePrefix}.max`, max, { unit: '{connection}', description: 'Connections that there may be' }),
      meter.gauge(`${namePrefix}.pending_requests`, pending, { unit: '{request}', description: 'Callers that wait for a connection' }),
    ]
    this.#waits = meter
      .histogram(`${namePrefix}.wait_time`, { unit: 's', description: 'How long callers waited for a connection' })
      .with(labels)
    this.#timeouts = meter
      .counter(`${namePrefix}.timeouts`, { unit: '{timeout}', description: 'Callers that waited in vain for a connection' })
      .with(labels)
  }

  /** Gets a connection, and notes how long that took. */
  async acquire<T>(connect: () => Promise<T>): Promise<T> {
    const since = performance.now()
    try {
      const connection = await connect()
      this.#waits.record((performance.now() - since) / 1000)
      return connection
    } catch (error) {
      if (performance.now() - since >= this.#connectTimeout) this.#timeouts.add(1)
      throw error
    }
  }

  [Symbol.dispose](): void {
    for (const gauge of this.#gauges) gauge[Symbol.dispose]()
  }
}
