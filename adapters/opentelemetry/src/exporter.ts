import type { Delivery } from './delivery.ts'
import type { Serializer } from './serializers.ts'
import type { Signal } from './settings.ts'
import type { Trouble } from './trouble.ts'

/** What an exporter of one signal is made of. */
export interface ExporterParts<Batch> {
  readonly signal: Signal
  /** The collector's address for messages. */
  readonly place: string
  readonly serializer: Serializer<Batch>
  readonly delivery: Delivery
  readonly trouble: Trouble
  /** Whether the next batch tells what a batch that was given up told: sums do. */
  readonly isRepeated: boolean
  /** How many things a batch holds. */
  readonly size: (batch: Batch) => number
}

/** To the SDK every export is a success (`ExportResultCode.SUCCESS`): whatever goes wrong is seen to here. */
const success = 0

/** What the SDK's processors and readers hand batches to. */
export class OtlpExporter<Batch> {
  readonly #parts: ExporterParts<Batch>
  readonly #going = new Set<Promise<void>>()
  #taken = 0

  constructor(parts: ExporterParts<Batch>) {
    this.#parts = parts
  }

  /** How many things batches held up to now. */
  get taken(): number {
    return this.#taken
  }

  export(batch: Batch, done: (result: { code: 0 }) => void): void {
    const going = this.#finish(batch, done)
    this.#going.add(going)
    void going.finally(() => this.#going.delete(going))
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#going)
  }

  shutdown(): Promise<void> {
    return this.forceFlush()
  }

  async #finish(batch: Batch, done: (result: { code: 0 }) => void): Promise<void> {
    await this.#send(batch)
    done({ code: success })
  }

  async #send(batch: Batch): Promise<void> {
    const { signal, place, serializer, delivery, trouble, isRepeated, size } = this.#parts
    const count = size(batch)
    this.#taken += count
    try {
      const delivered = await delivery.deliver(serializer.write(batch))
      if (delivered.outcome === 'accepted') {
        const rejected = serializer.rejected(delivered.body)
        if (rejected.count === 0) trouble.delivered(signal, place)
        else trouble.lost(signal, { count: rejected.count, reason: 'refused', why: `${place} does not take some: ${rejected.reason}` })
      } else if (delivered.outcome === 'refused' || !isRepeated) {
        trouble.lost(signal, { count, reason: delivered.outcome, why: `${place} did not take them: ${delivered.reason}` })
      }
    } catch (error) {
      trouble.lost(signal, { count, reason: 'refused', why: `they could not be written: ${String(error)}` })
    }
  }
}
