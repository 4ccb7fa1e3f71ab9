import { newId, type Clock } from '../kernel/index.ts'
import type { DocumentChange, Storage, Transaction } from '../storage/index.ts'
import type { OutgoingMessage } from './broker.ts'
import { shortId } from './short-id.ts'

/** A message that waits to be relayed, as it is stored. */
export interface BoxedMessage {
  readonly topic: string
  readonly id: string
  readonly key: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
  /** How many milliseconds its broker is to delay it. */
  readonly delay: number
}

/** The collection of messages that wait. */
export const boxed = 'outbox'
/** The collection of the counters that keep the order of keys. */
export const counters = 'outbox-keys'

/** After how long without messages the counter of a key may be removed, in milliseconds. */
const counterAge = 60_000

/** Messages that are published when their transaction commits: written in it as documents, and relayed to the broker afterwards. */
export class Outbox {
  readonly #storage: Storage
  readonly #clock: Clock
  /** Whether the broker delays by itself. */
  readonly #delays: boolean
  readonly #wake: () => void

  constructor(storage: Storage, { clock, delays, wake }: { readonly clock: Clock; readonly delays: boolean; readonly wake: () => void }) {
    this.#storage = storage
    this.#clock = clock
    this.#delays = delays
    this.#wake = wake
  }

  /** Writes messages within a transaction, or at once. */
  async put(topic: string, messages: readonly OutgoingMessage[], tx: Transaction | undefined): Promise<void> {
    const option = tx === undefined ? {} : { tx }
    const changes: DocumentChange[] = []
    for (const message of messages) {
      const { id, key, headers, body, delay } = message
      const waits = delay > 0 && !this.#delays
      const place = await this.#place(topic, delay > 0 ? undefined : key, tx)
      const value: BoxedMessage = { topic, id, key, headers, body, delay: waits ? 0 : delay }
      changes.push({
        key: `${boxed}/${place}`,
        value,
        status: waits ? 'delayed' : 'ready',
        due: Math.ceil(this.#clock.now() + (waits ? delay : 0)),
      })
    }
    await this.#storage.state.write(changes, option)
    if (tx === undefined) this.#wake()
    else tx.onCommit(this.#wake)
  }

  /**
   * Where a message stands: behind all that were published before with its key. The counter's row stays locked until the transaction ends,
   * so the numbers grow in the order of the commits, whatever the clocks of the processes say.
   */
  async #place(topic: string, key: string | undefined, tx: Transaction | undefined): Promise<string> {
    if (key === undefined) return `${topic}/${newId()}`
    const name = `${topic}/${keyName(key)}`
    const due = Math.ceil(this.#clock.now() + counterAge)
    const number = await this.#storage.state.put(`${counters}/${name}`, null, { due, ...(tx && { tx }) })
    return `${name}/${String(number).padStart(16, '0')}`
  }
}

function keyName(key: string): string {
  return `k-${shortId(key)}`
}
