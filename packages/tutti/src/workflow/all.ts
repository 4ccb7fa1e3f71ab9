import { compensate } from './compensate.ts'
import { branchAborted } from './errors.ts'
import type { Operations } from './operations.ts'
import { Scope } from './place.ts'

interface Branch {
  readonly label: string
  readonly prefix: string
  readonly work: () => unknown
}

/**
 * Does several things at the same time. When one fails, the others are given up; what all of them did is undone when the last one has
 * settled, and the error of the first one is thrown: of the same one when the run is executed again.
 */
export async function all(run: Operations, works: Readonly<Record<string, () => unknown>>): Promise<Record<string, unknown>> {
  const { scope } = run
  const place = run.enter('all', 'all')
  const stop = new AbortController()
  const signal = AbortSignal.any([scope.signal, stop.signal])
  const branches = Object.entries(works).map(([label, work]): Branch => ({ label, work, prefix: `${scope.path(label)}/` }))
  const errors = new Map<string, unknown>()
  const results = await Promise.all(
    branches.map(async ({ label, prefix, work }) => {
      try {
        return [label, await run.within(new Scope(prefix, signal), work)] as const
      } catch (error) {
        errors.set(label, error)
        stop.abort(branchAborted(prefix.slice(0, -1)))
        return [label, undefined] as const
      }
    }),
  )
  const [failed] = errors.keys()
  if (failed === undefined) return Object.fromEntries(results)
  const recorded = place.recorded?.record.result
  const first = typeof recorded === 'string' && errors.has(recorded) ? recorded : failed
  if (place.recorded === undefined) {
    // Where the whole run is given up, everything is undone, not only this.
    scope.signal.throwIfAborted()
    run.record(place, { result: first }, { size: first.length })
  }
  await compensate(
    run,
    branches.map(({ prefix }) => prefix),
  )
  throw errors.get(first)
}
