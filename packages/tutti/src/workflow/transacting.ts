import { isUnavailable, type Transaction } from '../storage/index.ts'
import type { Attempt, Done } from './operations.ts'
import type { Place } from './place.ts'
import type { Composed, RunSession } from './run-session.ts'
import { storable } from './storable.ts'

/** Something that is done in a transaction. */
export interface Transacted {
  readonly place: Place
  readonly how: Attempt
  readonly work: (tx: Transaction) => Promise<unknown>
}

/**
 * Does something in a transaction that commits together with the record of it, while nothing else of the run is written. Where only the
 * storage did not answer, or others have sent something to the run meanwhile, that is no failure: it is done again.
 */
export async function transacting(session: RunSession, transacted: Transacted): Promise<Done> {
  for (let attempt = 1; ; attempt++) {
    const tried = await tryOnce(session, transacted, attempt)
    if (tried !== 'again') return tried
    transacted.place.scope.signal.throwIfAborted()
    session.writer.assertClaimed()
    session.assertHere()
  }
}

async function tryOnce(session: RunSession, { place, how, work }: Transacted, attempt: number): Promise<Done | 'again'> {
  const { writer, model, host, clock } = session
  const { path, kind, n } = place
  const began = clock.monotonic()
  let made: (Composed & { readonly result: Done }) | undefined
  try {
    await host.storage.transaction(async (tx) => {
      const returned = await work(tx)
      // Nothing of it may stay where the run is another process's by now.
      session.assertHere()
      const { value, size } = storable(returned, `The result of ${path}`, host.settings.payload)
      const took = Math.round(clock.monotonic() - began)
      const facts = { ...(how.attempt > 1 && { attempts: how.attempt }), ...(how.undoable && { undo: true as const }) }
      const seq = model.record({ path, kind, n, at: clock.now(), result: value, took, ...facts }, size)
      made = { ...session.compose(), result: { result: value, seq } }
      await writer.writeIn(tx.state, made)
    })
  } catch (error) {
    if (made !== undefined) return afterFailure(session, { error, made, path, attempt })
    // The work itself has failed, unless the storage did not answer.
    if (!isUnavailable(error)) throw error
    await writer.patience(error, attempt)
    return 'again'
  }
  // It was made before the transaction could commit.
  const { done, result } = made as NonNullable<typeof made>
  writer.written(made as NonNullable<typeof made>)
  done()
  session.changed()
  return result
}

/** Finds out whether it was committed. What was not is not in the journal. */
async function afterFailure(
  session: RunSession,
  { error, made, path, attempt }: { error: unknown; made: Composed & { readonly result: Done }; path: string; attempt: number },
): Promise<Done | 'again'> {
  let outcome: 'written' | 'again' | 'lost' = 'lost'
  try {
    outcome = await session.writer.settle(error, made, attempt)
  } finally {
    if (outcome === 'written') made.done()
    else session.model.forget(path)
    session.changed()
  }
  if (outcome === 'lost') session.assertHere()
  return outcome === 'written' ? made.result : 'again'
}
