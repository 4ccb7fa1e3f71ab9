import { createMeter, type BoundCounter, type Counter } from '../observe/index.ts'

/** How a command ended. */
export type CommandOutcome = 'accepted' | 'duplicate' | 'rejected' | 'failed'

/** What has happened with a snapshot; `discarded` is one that does not fit the aggregate any more, `failed` one that could not be written. */
export type SnapshotOutcome = 'read' | 'written' | 'discarded' | 'failed'

/** What repositories count, by aggregate. */
export class RepositoryMetrics {
  readonly #commands: Counter
  readonly #conflicts: Counter
  readonly #states: Counter
  readonly #replayed: Counter
  readonly #snapshots: Counter
  /** Bound counters by their labels, for looking those up costs more than counting. */
  readonly #bound = new Map<string, BoundCounter>()

  constructor() {
    const meter = createMeter('tutti/events')
    this.#commands = meter.counter('tutti.aggregate.commands', { description: 'Commands handled, by how they ended', unit: '{command}' })
    this.#conflicts = meter.counter('tutti.aggregate.conflicts', { description: 'Appends that met newer events', unit: '{conflict}' })
    this.#states = meter.counter('tutti.aggregate.states', { description: 'States for commands, from memory or read', unit: '{state}' })
    this.#replayed = meter.counter('tutti.aggregate.replayed', { description: 'Events read to build states', unit: '{event}' })
    this.#snapshots = meter.counter('tutti.aggregate.snapshots', {
      description: 'Snapshots, by what happened with them',
      unit: '{snapshot}',
    })
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

  snapshot(aggregate: string, outcome: SnapshotOutcome): void {
    this.#snapshots.with({ aggregate, outcome }).add(1)
  }

  #bind(name: string, counter: BoundCounter): BoundCounter {
    this.#bound.set(name, counter)
    return counter
  }
}
