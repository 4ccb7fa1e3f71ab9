import { retryDelay, type RetryPolicy } from '../kernel/index.ts'

/** After how many whole milliseconds work is tried again that has failed so often; `undefined`: not at all. */
export function retryAfter(policy: RetryPolicy, error: unknown, failures: number): number | undefined {
  return failures < policy.attempts && isWorthIt(policy, error, failures) ? Math.ceil(retryDelay(policy, failures)) : undefined
}

/** A rule that throws itself cannot say that it is worth it. */
function isWorthIt({ retryIf }: RetryPolicy, error: unknown, failures: number): boolean {
  try {
    return retryIf(error, failures)
  } catch {
    return false
  }
}
