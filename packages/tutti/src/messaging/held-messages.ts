import type { Delivery } from './broker.ts'

/**
 * What a delivery is at. `waiting`: behind others of its key. `ready`: its turn is next. `resting`: until its next attempt. `over`: its
 * outcome is known, and the broker is told. `lost`: it is another process's.
 */
type State = 'waiting' | 'ready' | 'running' | 'resting' | 'over' | 'lost'

/** A delivery that this process has, until it is settled. */
export interface Held {
  readonly delivery: Delivery
  /** How often its handler has failed since it was handed out. */
  failures: number
  state: State
  /** Ends its handler. */
  abort: AbortController | undefined
}

/** The deliveries of one consumer: those of a key take their turns, the others do not wait for each other. */
export class HeldMessages {
  readonly #all = new Map<Delivery, Held>()
  /** Those whose turn it is, the one that waits longest first. */
  readonly #ready = new Set<Held>()
  /** By key: the one whose turn it is, and those behind it. */
  readonly #turns = new Map<string, Held[]>()
  #running = 0
  #over = 0

  /** How many are not settled yet. */
  get size(): number {
    return this.#all.size
  }

  /** How many handlers run. */
  get running(): number {
    return this.#running
  }

  /** How many of them are still to be handled, or being handled. */
  get unhandled(): number {
    return this.#all.size - this.#over
  }

  get ready(): number {
    return this.#ready.size
  }

  get deliveries(): readonly Delivery[] {
    return [...this.#all.keys()]
  }

  add(delivery: Delivery): void {
    const { key } = delivery
    const held: Held = { delivery, failures: 0, state: 'ready', abort: undefined }
    this.#all.set(delivery, held)
    const turns = key === undefined ? undefined : this.#turns.get(key)
    if (turns !== undefined) {
      held.state = 'waiting'
      turns.push(held)
      return
    }
    if (key !== undefined) this.#turns.set(key, [held])
    this.#ready.add(held)
  }

  /** The next one whose turn it is runs from now on. */
  start(): (Held & { readonly abort: AbortController }) | undefined {
    for (const held of this.#ready) {
      this.#ready.delete(held)
      this.#running++
      return Object.assign(held, { state: 'running' as const, abort: new AbortController() })
    }
    return undefined
  }

  /** Its handler has ended. Tells whether it is still this process's. */
  stop(held: Held): boolean {
    held.abort = undefined
    this.#running--
    return held.state !== 'lost'
  }

  /** It keeps its turn until its next attempt. */
  rest(held: Held): void {
    held.state = 'resting'
  }

  /** Its next attempt may begin, unless something became of it meanwhile. */
  wake(held: Held): void {
    if (held.state !== 'resting') return
    held.state = 'ready'
    this.#ready.add(held)
  }

  /** Its turn is over, and that of the next one of its key comes. */
  pass(held: Held): void {
    this.#end(held)
    const { key } = held.delivery
    if (key === undefined) return
    const turns = this.#turns.get(key)
    turns?.shift()
    const next = turns?.[0]
    if (next === undefined) {
      this.#turns.delete(key)
      return
    }
    next.state = 'ready'
    this.#ready.add(next)
  }

  /** Its turn is over, and those behind it have theirs elsewhere or later. */
  passAll(held: Held): readonly Delivery[] {
    this.#end(held)
    const { key } = held.delivery
    if (key === undefined) return []
    const behind = this.#turns.get(key)?.slice(1) ?? []
    this.#turns.delete(key)
    return behind.map((other) => this.#end(other))
  }

  /** Takes all that do not run out of their turns. */
  takeIdle(): readonly Delivery[] {
    const idle = [...this.#all.values()].filter(({ state }) => state === 'ready' || state === 'waiting' || state === 'resting')
    for (const [key, turns] of this.#turns) {
      const [first] = turns
      if (first?.state === 'running') turns.length = 1
      else this.#turns.delete(key)
    }
    this.#ready.clear()
    return idle.map((held) => this.#end(held))
  }

  /** It is settled. */
  remove(delivery: Delivery): void {
    if (this.#all.delete(delivery)) this.#over--
  }

  /** Deliveries are another process's: their handlers are told, and others behind them are taken out of their turns and given. */
  lose(deliveries: readonly Delivery[], reason: unknown): readonly Delivery[] {
    const lost = new Set(deliveries)
    const behind: Delivery[] = []
    for (const delivery of lost) {
      const held = this.#all.get(delivery)
      if (held === undefined || held.state === 'over') continue
      held.state = 'lost'
      held.abort?.abort(reason)
      this.#ready.delete(held)
      this.#all.delete(delivery)
      const { key } = delivery
      const turns = key === undefined ? undefined : this.#turns.get(key)
      const place = turns?.indexOf(held) ?? -1
      if (place > 0) turns?.splice(place, 1)
      if (key === undefined || turns === undefined || place !== 0) continue
      this.#turns.delete(key)
      for (const other of turns.slice(1)) if (!lost.has(other.delivery)) behind.push(this.#end(other))
    }
    return behind
  }

  /** Ends all handlers that run. */
  abort(reason: unknown): void {
    for (const { abort } of this.#all.values()) abort?.abort(reason)
  }

  #end(held: Held): Delivery {
    held.state = 'over'
    this.#over++
    this.#ready.delete(held)
    return held.delivery
  }
}
