import { createMeter, type BoundCounter, type Counter } from '../observe/index.ts'

/** How a command ended. */
export type CommandOutcome = 'accepted' | 'duplicate' | 'rejected' | 'failed'

/** What repositories count, by aggregate. */
export class RepositoryMetrics {
  readonly #commands: Counter
  readonly #conflicts: Counter
  readonly #states: Counter
  readonly #replayed: Counter
  /** Bound counters by their labels, for looking those up costs more than counting. */
  readonly #bound = new Map<string, BoundCounter>()

  constructor() {
    const meter = createMeter('tutti/events')
    this.#commands = meter.counter('tutti.aggregate.commands', { description: 'Commands handled, by how they ended', unit: '{command}' })
    this.#conflicts = meter.counter('tutti.aggregate.conflicts', { description: 'Appends that met newer events', unit: '{conflict}' })
    this.#states = meter.counter('tutti.aggregate.states', { description: 'States for commands, from memory or read', unit: '{state}' })
    this.#replayed = meter.counter('tutti.aggregate.replayed', { description: 'Events read to build states', unit: '{event}' })
  }

  handled(aggregate: string, command: string, outcome: CommandOutcome): void {
    const name = `${aggregate}/${command}/${outcome}`
    const bound = this.#bound.get(name)
    if (bound !== undefined) bound.add(1)
    else this.#bind(name, this.#commands.with({ aggregate, command, outcome })).add(1)
  }

  conflict(aggregate: string): void {
    this.#conflicts.with({ aggregate }).add(1)
  }

  state(aggregate: string, from: 'memory' | 'storage'): void {
    const name = `${aggregate}/${from}`
    const bound = this.#bound.get(name)
    if (bound !== undefined) bound.add(1)
    else this.#bind(name, this.#states.with({ aggregate, from })).add(1)
  }

  replayed(aggregate: string, events: number): void {
    this.#replayed.with({ aggregate }).add(events)
  }

  #bind(name: string, counter: BoundCounter): BoundCounter {
    this.#bound.set(name, counter)
    return counter
  }
}
