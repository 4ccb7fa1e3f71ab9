import { errorFacts, newId, type Clock } from '../../kernel/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { HttpContext } from '../../http/index.ts'
import type { Stores } from '../stores.ts'
import { toWire } from './answer.ts'
import type { ConsoleAudit, Page } from './contract.ts'

/** How long entries are kept, in milliseconds. */
const keptFor = 90 * 24 * 3_600_000
/** Entries that are kept where the application has no storage: they end with the process. */
const mostInMemory = 1000
const collection = 'console-audit'
/** Later than any time, so that what is subtracted from it is in the order of keys the newest first. */
const farAway = 9_999_999_999_999

/** A change through the Console. */
export interface Change<T> {
  /** Such as `projection.rebuild`. */
  readonly action: string
  readonly target: string
  readonly input?: unknown
  readonly work: () => Promise<T>
}

/** Writes down what is changed through the Console, and who did it. */
export class Audit {
  readonly #stores: Stores
  readonly #clock: () => Clock
  readonly #log: Logger
  #memory: ConsoleAudit[] = []
  #changes = 0

  constructor({ stores, clock, log }: { readonly stores: Stores; readonly clock: () => Clock; readonly log: Logger }) {
    this.#stores = stores
    this.#clock = clock
    this.#log = log
  }

  /** How many changes were made, or tried, in this process. */
  get changes(): number {
    return this.#changes
  }

  /** Makes a change, and writes down what came of it. */
  async change<T>(ctx: HttpContext, { action, target, input, work }: Change<T>): Promise<T> {
    const note = (outcome: 'done' | 'failed', error?: string): Promise<void> =>
      this.#note({ actor: ctx.actor?.id ?? 'development', action, target, input: input ?? null, outcome, error })
    try {
      const result = await work()
      this.#changes++
      await note('done')
      return result
    } catch (error) {
      await note('failed', errorFacts(error).message)
      throw error
    }
  }

  /** What was changed, newest first. */
  async list(after: string | undefined, limit: number): Promise<Page<ConsoleAudit>> {
    const storage = this.#stores.opened
    if (storage === undefined) {
      const items = this.#memory.filter(({ id }) => after === undefined || id > after).slice(0, limit + 1)
      return { items: items.slice(0, limit), next: items.length > limit ? items[limit - 1]?.id : undefined }
    }
    const behind = after === undefined ? {} : { after: `${collection}/${after}` }
    const found = await storage.state.list<ConsoleAudit>(`${collection}/`, { limit: limit + 1, ...behind })
    const items = found.slice(0, limit).map(({ value }) => value)
    return { items, next: found.length > limit ? items.at(-1)?.id : undefined }
  }

  async #note(facts: Omit<ConsoleAudit, 'id' | 'time'>): Promise<void> {
    const now = Math.floor(this.#clock().now())
    const id = `${String(farAway - now).padStart(13, '0')}-${newId()}`
    const entry: ConsoleAudit = { id, time: new Date(now).toISOString(), ...facts, input: toWire(facts.input) }
    const { actor, action, target, outcome } = facts
    this.#log.info(`Through the Console: ${action} ${target}`, { actor, outcome })
    const storage = this.#stores.opened
    if (storage === undefined) {
      this.#memory = [entry, ...this.#memory].toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, mostInMemory)
      return
    }
    await storage.state.put(`${collection}/${id}`, entry, { due: now + keptFor })
    const old = await storage.state.list(`${collection}/`, { dueBefore: now, limit: 100 })
    await storage.state.write(old.map(({ key }) => ({ key, delete: true })))
  }
}
