import { currentContext, OptionError, resolveRetry, retryDelay, shown, systemClock, TuttiError, type ErrorCode } from '../kernel/index.ts'
import { Rejected } from '../message/index.ts'
import type { Transaction } from '../storage/index.ts'

/** What can begin a transaction: the context of every handler, the application, and storages. */
export interface Transactor {
  /** Commits what `work` did when it resolves, and rolls back when it throws. Within another transaction it is a nested one. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}

/** How a transactional handler is run. */
export interface TransactionalOptions {
  /**
   * How often the handler is called at most when others have written to the same things meanwhile. What it does beside the transaction is
   * done each time.
   * @default 1
   */
  readonly attempts?: number
}

/** Between attempts: long enough for the others to get ahead of each other, short against any client's patience. */
const backoff = resolveRetry({ attempts: 2, delay: 2, maxDelay: 100 })

/** What others have caused by being faster. */
const contention: ReadonlySet<ErrorCode> = new Set(['TUTTI_STREAM_CONFLICT', 'TUTTI_DOCUMENT_CONFLICT', 'TUTTI_STORAGE_CONTENTION'])

/**
 * Wraps a handler in one transaction: commands, `sql` and documents that it uses join it, and commit together when it returns. Rolled back
 * where it throws, and where it returns a rejection.
 */
export function transactional<C extends Transactor, T>(
  handler: (ctx: C) => T | Promise<T>,
  { attempts = 1 }: TransactionalOptions = {},
): (ctx: C) => Promise<T> {
  if (!Number.isSafeInteger(attempts) || attempts < 1)
    throw new OptionError(`transactional received ${shown(attempts)} attempts; wanted a whole number of 1 or more.`)
  return async (ctx) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(handler, ctx)
      } catch (error) {
        if (attempt >= attempts || !(error instanceof TuttiError && contention.has(error.code))) throw error
        await systemClock.sleep(retryDelay(backoff, attempt), currentContext()?.signal)
      }
    }
  }
}

async function once<C extends Transactor, T>(handler: (ctx: C) => T | Promise<T>, ctx: C): Promise<T> {
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

/** Undoes a transaction without being an error to anybody outside. */
class RolledBack extends Error {
  readonly result: unknown

  constructor(result: unknown) {
    super('The transaction was rolled back because its handler was rejected.')
    this.result = result
  }
}
