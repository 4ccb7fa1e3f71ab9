import { Rejected } from '../message/index.ts'
import type { Transaction } from '../storage/index.ts'

/** What can begin a transaction: the context of every handler, the application, and storages. */
export interface Transactor {
  /** Commits what `work` did when it resolves, and rolls back when it throws. Within another transaction it is a nested one. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/**
 * Wraps a handler in one transaction: commands, `sql` and documents that it uses join it, and commit together when it returns. Rolled back
 * where it throws, and where it returns a rejection.
 */
export function transactional<C extends Transactor, T>(handler: (ctx: C) => T | Promise<T>): (ctx: C) => Promise<T> {
  return async (ctx) => {
    try {
      return await ctx.transaction(async () => {
        const result = await handler(ctx)
        if (result instanceof Rejected) throw new RolledBack(result)
        return result
      })
    } catch (error) {
      // The one place that throws it knows what the handler returned.
      if (error instanceof RolledBack) return error.result as T
      throw error
    }
  }
}

/** Undoes a transaction without being an error to anybody outside. */
class RolledBack extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('The transaction was rolled back because its handler was rejected.')
    this.result = result
  }
}
