import type { Document, Storage, Transaction } from '../storage/index.ts'
import type { Build } from './build.ts'
import { checkpointKey, type Checkpoint } from './segment.ts'

/** The documents of a build's segments, by number; `undefined` for one that is not there, as after a handover. */
export function readCheckpoints(
  { state }: Pick<Storage, 'state'> | Pick<Transaction, 'state'>,
  build: Build,
): Promise<readonly (Document<Checkpoint> | undefined)[]> {
  return state.getMany<Checkpoint>(Array.from({ length: build.segments }, (_, segment) => checkpointKey(build, segment)))
}

/** How far all segments of a build have come; `undefined` where one is not there. */
export function leastPosition(documents: readonly (Document<Checkpoint> | undefined)[]): number | undefined {
  let least = Number.MAX_SAFE_INTEGER
  for (const document of documents) {
    if (document === undefined) return undefined
    least = Math.min(least, document.value.position)
  }
  return least
}
