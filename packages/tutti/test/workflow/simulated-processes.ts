import { sleepOn, type Clock, type Timer } from '../../src/kernel/index.ts'
import { StorageError, type Storage } from '../../src/storage/index.ts'

/** Numbers from 0 to below 1 that follow from a seed. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

interface SimulatedTimer {
  readonly due: number
  readonly order: number
  readonly work: () => void
}

/** The time of a simulated world: it passes from one timer to the next. */
export class SimulatedTime {
  now = Date.UTC(2026, 0, 1)
  readonly #timers = new Set<SimulatedTimer>()
  #order = 0

  /** When the next timer is due. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { due } of this.#timers) next = Math.min(next, due)
    return next
  }

  set(work: () => void, delay: number): Timer {
    const timer = { due: this.now + Math.max(1, delay), order: this.#order++, work }
    this.#timers.add(timer)
    const handle: Timer = { cancel: () => void this.#timers.delete(timer), unref: () => handle }
    return handle
  }

  /** Lets time pass to the next timer, which is run, but not beyond `until`. */
  pass(until: number): void {
    const due = [...this.#timers].filter((timer) => timer.due <= until).toSorted((a, b) => a.due - b.due || a.order - b.order)[0]
    if (due === undefined) {
      this.now = Math.max(this.now, until)
      return
    }
    this.#timers.delete(due)
    this.now = Math.max(this.now, due.due)
    due.work()
  }
}

/** What can happen to a call of the storage. */
export type Fault = 'none' | 'refused' | 'answer lost' | 'late' | 'killed before' | 'killed after'

/** A process of a simulated world: it can be killed, or stopped for a while. */
export class SimulatedProcess {
  readonly name: string
  readonly clock: Clock
  readonly storage: Storage
  isDead = false
  readonly #calls: (() => void)[]
  readonly #fault: () => Fault
  /** What goes on when it does. */
  #asleep: (() => void)[] | undefined

  constructor(
    name: string,
    world: { readonly time: SimulatedTime; readonly storage: Storage; readonly calls: (() => void)[]; readonly fault: () => Fault },
  ) {
    this.name = name
    this.#calls = world.calls
    this.#fault = world.fault
    const { time } = world
    const setTimeout = (work: () => void, delay: number): Timer => time.set(() => this.#when(work), delay)
    const clock: Clock = {
      now: () => time.now,
      monotonic: () => time.now,
      setTimeout,
      sleep: (duration, signal) => sleepOn({ setTimeout }, duration, signal),
    }
    this.clock = clock
    this.storage = this.#view(world.storage)
  }

  get isAsleep(): boolean {
    return this.#asleep !== undefined
  }

  kill(): void {
    this.isDead = true
    this.#asleep = undefined
  }

  /** Nothing of it goes on until it is woken. */
  fallAsleep(): void {
    if (!this.isDead) this.#asleep ??= []
  }

  wake(): void {
    const waiting = this.#asleep ?? []
    this.#asleep = undefined
    for (const work of waiting) work()
  }

  /** Resolves while it lives and is awake, and later or never otherwise. */
  alive(): Promise<void> {
    return new Promise((resolve) => this.#when(resolve))
  }

  #when(work: () => void): void {
    if (this.isDead) return
    if (this.#asleep === undefined) work()
    else this.#asleep.push(work)
  }

  /** Calls wait for their turn, which the world gives in any order. */
  async #call<T>(work: (isKilled: () => boolean) => Promise<T>, isTransaction = false): Promise<T> {
    await new Promise<void>((resolve) => this.#calls.push(() => this.#when(resolve)))
    const fault = this.#fault()
    if (fault === 'killed before') this.kill()
    if (this.isDead) return new Promise<never>(() => undefined)
    if (fault === 'refused') throw new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'The storage does not answer.', { status: 503 })
    if (fault === 'late' && !isTransaction) {
      // The connection breaks while the server is about to do it.
      this.#calls.push(() => void work(() => false).catch(() => undefined))
      throw unknownOutcome()
    }
    const result = await work(() => this.isDead)
    if (fault === 'killed after') this.kill()
    await this.alive()
    if (fault === 'answer lost' || fault === 'late') throw unknownOutcome()
    return result
  }

  #view(shared: Storage): Storage {
    const state = new Proxy(shared.state, {
      get: (from, name) => {
        const member: unknown = Reflect.get(from, name)
        if (typeof member !== 'function') return member
        // Within a transaction nothing comes in between.
        return (...given: unknown[]) => {
          const call = (): Promise<unknown> => Reflect.apply(member, from, given) as Promise<unknown>
          return shared.running === undefined ? this.#call(call) : call()
        }
      },
    })
    return {
      kind: shared.kind,
      capabilities: shared.capabilities,
      events: shared.events,
      state,
      get sql() {
        return shared.sql
      },
      get running() {
        return shared.running
      },
      transaction: (work) =>
        this.#call(async (isKilled) => {
          try {
            return await shared.transaction(async (tx) => {
              const result = await work(tx)
              if (isKilled()) throw new Error('The process was killed.')
              return result
            })
          } catch (error) {
            if (isKilled()) return new Promise<never>(() => undefined)
            throw error
          }
        }, true),
      migrate: (options) => shared.migrate(options),
      ping: () => shared.ping(),
      close: () => shared.close(),
      [Symbol.asyncDispose]: () => shared.close(),
    }
  }
}

function unknownOutcome(): StorageError {
  return new StorageError('TUTTI_STORAGE_UNAVAILABLE', 'The answer was lost.', { status: 503, details: { outcome: 'unknown' } })
}
