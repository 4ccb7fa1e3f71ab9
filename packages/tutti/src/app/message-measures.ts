import { createMeter, type BoundHistogram, type Histogram } from '../observe/index.ts'
import { Rejected } from '../message/index.ts'

/** Counts commands and queries, and how long they take, by how they end. */
export class MessageMeasures {
  readonly #durations: Readonly<Record<'command' | 'query', Histogram>>
  /** Bound histograms by their labels, for looking those up costs more than counting. */
  readonly #bound = new Map<string, BoundHistogram>()

  constructor() {
    const meter = createMeter('tutti.messages')
    this.#durations = {
      command: meter.histogram('tutti.command.duration', { description: 'How long commands took, by how they ended', unit: 's' }),
      query: meter.histogram('tutti.query.duration', { description: 'How long queries took, by how they ended', unit: 's' }),
    }
  }

  async measure<T>(kind: 'command' | 'query', name: string, work: () => Promise<T>): Promise<T> {
    const start = performance.now()
    let outcome = 'failed'
    try {
      const result = await work()
      outcome = result instanceof Rejected ? 'rejected' : 'done'
      return result
    } finally {
      this.#of(kind, name, outcome).record((performance.now() - start) / 1000)
    }
  }

  #of(kind: 'command' | 'query', name: string, outcome: string): BoundHistogram {
    const key = `${kind}/${name}/${outcome}`
    const found = this.#bound.get(key)
    if (found !== undefined) return found
    const histogram = this.#durations[kind].with({ [kind]: name, outcome })
    this.#bound.set(key, histogram)
    return histogram
  }
}
