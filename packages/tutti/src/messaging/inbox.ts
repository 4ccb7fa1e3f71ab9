import { TuttiError } from '../kernel/index.ts'
import { DocumentConflictError, type Storage, type Transaction } from '../storage/index.ts'
import type { ReceivedMessage } from './message.ts'
import { shortId } from './short-id.ts'

const collection = 'inbox'

/** How many notes are forgotten at a time. */
const page = 500

/**
 * Handles a message in a transaction that also notes its id. Where the note is there already nothing is done. Of two that handle the same
 * message at the same time the second waits for the note of the first. Resolves with whether it was handled now.
 */
export async function handleOnce(
  storage: Storage,
  { message, group, expires }: { readonly message: ReceivedMessage; readonly group: string; readonly expires: number },
  work: (tx: Transaction) => Promise<void>,
): Promise<boolean> {
  const key = `${collection}/${message.topic}/${group}/${shortId(`${message.source}#${message.id}`)}`
  try {
    return await storage.transaction(async (tx) => {
      try {
        await tx.state.put(key, null, { ifVersion: 0, due: expires })
      } catch (error) {
        if (error instanceof DocumentConflictError) return false
        throw error
      }
      await work(tx)
      return true
    })
  } catch (error) {
    // Where the commit was not answered the note tells whether it took effect.
    const isUnknown = error instanceof TuttiError && error.details['outcome'] === 'unknown'
    if (isUnknown && (await storage.state.get(key).catch(() => undefined)) !== undefined) return true
    throw error
  }
}

/** Forgets notes whose time is over; resolves with how many. */
export async function forgetHandled({ state }: Pick<Storage, 'state'>, now: number): Promise<number> {
  for (let count = 0; ;) {
    const old = await state.list(`${collection}/`, { dueBefore: Math.floor(now), limit: page })
    await Promise.all(old.map(({ key }) => state.delete(key)))
    count += old.length
    if (old.length < page) return count
  }
}
