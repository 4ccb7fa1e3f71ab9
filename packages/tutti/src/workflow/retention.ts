import type { Clock } from '../kernel/index.ts'
import { DocumentConflictError, type DocumentChange, type StateStore } from '../storage/index.ts'
import type { Presence } from './presence.ts'
import { workflowOf } from './run-status.ts'
import { endStates, hasEnded, pageKey, runKey, runsOf, type EndState, type RunDocument, type RunValue } from './run-document.ts'

/** How many runs are looked at together. */
const batch = 200

/** Removes what is left of runs that have ended, when their time is over. */
export class Retention {
  readonly #state: StateStore
  readonly #clock: Clock
  readonly #presence: Presence

  constructor({ state, clock, presence }: { readonly state: StateStore; readonly clock: Clock; readonly presence: Presence }) {
    this.#state = state
    this.#clock = clock
    this.#presence = presence
  }

  /** Removes the runs whose time is over, or all that ended before a date. Resolves with their number. */
  async prune(before?: Date): Promise<number> {
    const names = new Set((await this.#presence.all()).map(({ workflow }) => workflow))
    let count = 0
    for (const name of names)
      for (const state of endStates) count += await (before === undefined ? this.#due(name, state) : this.#old(name, state, before))
    return count
  }

  /** Removes one run, if it has ended. Resolves with whether it was there and is gone. */
  async remove(workflow: string, id: string): Promise<boolean> {
    const found = await this.#state.get<RunValue>(runKey(workflow, id))
    return found !== undefined && hasEnded(found.value.state) && (await this.#remove([found])) === 1
  }

  async #due(workflow: string, status: EndState): Promise<number> {
    let count = 0
    for (;;) {
      const found = await this.#state.list<RunValue>(`${runsOf(workflow)}/`, {
        status,
        dueBefore: Math.floor(this.#clock.now()),
        limit: batch,
      })
      const removed = await this.#remove(found)
      count += removed
      // What cannot be removed is being retried, and comes again when it has ended.
      if (found.length < batch || removed === 0) return count
    }
  }

  async #old(workflow: string, status: EndState, before: Date): Promise<number> {
    let count = 0
    let after: string | undefined
    for (;;) {
      const found: readonly RunDocument[] = await this.#state.list<RunValue>(`${runsOf(workflow)}/`, {
        status,
        limit: batch,
        ...(after !== undefined && { after }),
      })
      count += await this.#remove(found.filter(({ value }) => (value.endedAt ?? 0) < before.getTime()))
      after = found.at(-1)?.key
      if (found.length < batch) return count
    }
  }

  async #remove(documents: readonly RunDocument[]): Promise<number> {
    const removed = await Promise.all(
      documents.map(async (document) => {
        try {
          await this.#state.write(removalOf(document))
          return 1
        } catch (error) {
          if (error instanceof DocumentConflictError) return 0
          throw error
        }
      }),
    )
    return removed.reduce<number>((sum, one) => sum + one, 0)
  }
}

function removalOf({ key, value, version }: RunDocument): DocumentChange[] {
  const id = key.slice(key.indexOf('/') + 1)
  return [
    { key, delete: true, ifVersion: version },
    ...Array.from({ length: value.pages }, (_, page) => ({ key: pageKey(workflowOf(key), id, page), delete: true as const })),
  ]
}
