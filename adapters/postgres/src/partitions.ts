import { StorageError } from 'tutti/storage'
import type { Connections } from './connections.ts'
import type { SchemaOptions } from './schema/steps.ts'

/** Has partitions of the events made before they are needed. */
export class Partitions {
  readonly #connections: Connections
  readonly #schema: SchemaOptions
  /** From this position on the next ones are made. */
  #from = 0
  #making: Promise<void> | undefined

  constructor(connections: Connections, schema: SchemaOptions) {
    this.#connections = connections
    this.#schema = schema
  }

  /** Notices how far positions have come; there is room for two more partitions when the next one is entered. */
  notice(position: number): void {
    if (position < this.#from || this.#making !== undefined) return
    // Should it fail, the writer that finds no partition makes it.
    this.ensure().catch(() => undefined)
  }

  /** Makes the partitions of so many positions to come, and two more. */
  async ensure(room = 0): Promise<void> {
    while (this.#making !== undefined) await this.#making.catch(() => undefined)
    this.#making = this.#make(room).finally(() => (this.#making = undefined))
    await this.#making
  }

  /** Drops those below a position as a whole. */
  async drop(below: number): Promise<number> {
    if (!Number.isSafeInteger(below) || below < 0)
      throw new StorageError('TUTTI_OPTION_INVALID', `dropPartitions received ${String(below)}; wanted a position of 0 or more.`)
    const [row] = await this.#connections.write(`select ${this.#schema.schema}.drop_partitions($1)`, [below])
    return Number(row?.[0])
  }

  async settled(): Promise<void> {
    await this.#making?.catch(() => undefined)
  }

  async #make(room: number): Promise<void> {
    const { schema, partitionSize } = this.#schema
    const [row] = await this.#connections.write(`select ${schema}.ensure_partitions($1)`, [room])
    this.#from = Number(row?.[0]) - 2 * partitionSize
  }
}
