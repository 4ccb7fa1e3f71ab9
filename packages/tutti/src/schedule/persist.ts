import { resolveRetry, retryDelay, type Clock } from '../kernel/index.ts'
import type { Logger } from '../observe/index.ts'
import { LeaseLostError } from '../storage/index.ts'

const policy = resolveRetry({ attempts: Number.POSITIVE_INFINITY, delay: 50, maxDelay: '5s' })

/** Writes what was done, and tries again until the storage takes it. `undefined` where the claim is lost or `signal` has fired: another process does it again. */
export async function persist<T>(
  write: () => Promise<T>,
  { clock, log, signal }: { readonly clock: Clock; readonly log: Logger; readonly signal: AbortSignal },
): Promise<T | undefined> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (error instanceof LeaseLostError) {
        log.warn('What was done could not be noted: the lease was lost, and another process does it again')
        return undefined
      }
      log.warn('What was done could not be noted; it is tried again', { attempt, error })
      await clock.sleep(retryDelay(policy, attempt), signal).catch(() => undefined)
    }
  }
  return undefined
}
