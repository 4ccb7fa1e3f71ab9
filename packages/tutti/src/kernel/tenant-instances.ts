import type { Clock, Timer } from './clock.ts'

/** The instances of one tenant, as long as somebody uses them. */
export interface TenantLease<I> {
  readonly instances: I
  /** Settles when earlier instances of the same tenant have been disposed; `undefined` when there is nothing to wait for. */
  readonly ready: Promise<void> | undefined
  release(): void
}

export interface TenantInstancesOptions<I> {
  readonly open: (tenant: string) => I
  /** How many tenants are kept; more only while all of them are in use. */
  readonly max: number
  /** Milliseconds after which an unused tenant's instances are disposed. */
  readonly idle: number
  readonly clock: Clock
  /** Told of errors while idle instances are disposed. */
  readonly onError: (error: unknown) => void
}

interface Entry<I> {
  readonly instances: I
  ready: Promise<void> | undefined
  users: number
  /** Monotonic milliseconds. */
  idleSince: number
}

/** The instances of all tenants: the least recently used go first when there are too many, and any that stay idle. */
export class TenantInstances<I extends { dispose(): Promise<void> }> {
  readonly #options: TenantInstancesOptions<I>
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry<I>>()
  readonly #closing = new Map<string, Promise<void>>()
  #sweep: Timer | undefined

  constructor(options: TenantInstancesOptions<I>) {
    this.#options = options
  }

  /** Takes the instances of a tenant; they stay until the lease is released. */
  acquire(tenant: string): TenantLease<I> {
    const entry = this.#entries.get(tenant) ?? this.#open(tenant)
    entry.users++
    this.#touch(tenant, entry)
    let held = true
    return {
      instances: entry.instances,
      get ready() {
        return entry.ready
      },
      release: () => {
        if (held) this.#release(tenant, entry)
        held = false
      },
    }
  }

  /** All instances that exist. */
  *all(): Generator<I> {
    for (const entry of this.#entries.values()) yield entry.instances
  }

  /** Disposes of all tenants' instances and answers with what failed. */
  async dispose(): Promise<readonly unknown[]> {
    this.#sweep?.cancel()
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    const results = await Promise.allSettled([...entries.map((entry) => entry.instances.dispose()), ...this.#closing.values()])
    return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  }

  #open(tenant: string): Entry<I> {
    const entry: Entry<I> = { instances: this.#options.open(tenant), ready: this.#closing.get(tenant), users: 0, idleSince: 0 }
    void entry.ready?.then(() => (entry.ready = undefined))
    return entry
  }

  #touch(tenant: string, entry: Entry<I>): void {
    this.#entries.delete(tenant)
    this.#entries.set(tenant, entry)
  }

  #release(tenant: string, entry: Entry<I>): void {
    entry.users--
    if (entry.users > 0 || this.#entries.get(tenant) !== entry) return
    entry.idleSince = this.#options.clock.monotonic()
    this.#touch(tenant, entry)
    if (this.#entries.size > this.#options.max) this.#trim()
    this.#scheduleSweep()
  }

  #trim(): void {
    for (const [tenant, entry] of this.#entries) {
      if (this.#entries.size <= this.#options.max) return
      if (entry.users === 0) this.#evict(tenant, entry)
    }
  }

  #evict(tenant: string, entry: Entry<I>): void {
    this.#entries.delete(tenant)
    const closing = entry.instances
      .dispose()
      .catch(this.#options.onError)
      .finally(() => this.#closing.delete(tenant))
    this.#closing.set(tenant, closing)
  }

  #scheduleSweep(): void {
    if (this.#sweep) return
    const now = this.#options.clock.monotonic()
    let next = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) if (entry.users === 0) next = Math.min(next, entry.idleSince + this.#options.idle)
    if (next === Number.POSITIVE_INFINITY) return
    this.#sweep = this.#options.clock.setTimeout(() => this.#sweepIdle(), Math.max(0, next - now)).unref()
  }

  #sweepIdle(): void {
    this.#sweep = undefined
    const limit = this.#options.clock.monotonic() - this.#options.idle
    for (const [tenant, entry] of this.#entries) if (entry.users === 0 && entry.idleSince <= limit) this.#evict(tenant, entry)
    this.#scheduleSweep()
  }
}
