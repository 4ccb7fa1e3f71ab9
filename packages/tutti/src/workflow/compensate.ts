import { once, perform } from './effect.ts'
import type { Operations } from './operations.ts'

/**
 * Takes back what was done in some branches, what ended last first. Throws `TUTTI_STEP_FAILED` where that fails for good; what is left is
 * not touched then, for it came before.
 */
export async function compensate(run: Operations, prefixes: readonly string[]): Promise<void> {
  for (const { path, policy, result } of run.undos.of(prefixes)) {
    const place = run.undoPlace(path)
    // The policy's function is that of the step, and gets what that came to.
    const undo = policy.run as (result: unknown, ctx: unknown) => unknown
    await perform(run, place, { policy, once: once(run, place, async (ctx) => void (await undo(result, ctx))) })
    run.undos.remove(path)
  }
}
