import type { Clock } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import { findBuild, type Control } from './control.ts'
import type { Build, Handover } from './build.ts'
import { leastPosition, readCheckpoints } from './read-checkpoints.ts'
import { segmentOf } from './segment-of.ts'

/** How far what is read from has come as far as the storage knows: in all segments, or in that of one stream. */
export async function storedPosition(storage: Storage, control: Control | undefined, stream?: string): Promise<number> {
  const live = control && findBuild(control, control.live)
  if (control === undefined || live === undefined) return -1
  const documents = await readCheckpoints(storage, live)
  if (documents.every((document) => document === undefined)) return handedOver(control, live)
  const chosen = stream === undefined ? documents : [documents[segmentOf(stream, live.segments)]]
  return leastPosition(chosen) ?? -1
}

/** A live build that has handed over shows what it had come to, until its successor is read from. */
function handedOver({ active, builds }: Control, live: Build): number {
  const handover: Handover | undefined = builds.find(({ id }) => id === active && id !== live.id)?.handover
  return handover === undefined ? -1 : Math.min(...handover.positions)
}

/** Waits until `reached` says so: whenever this process comes further, and every now and then for the sake of the others. */
export async function waitUntil(
  reached: () => Promise<boolean> | boolean,
  {
    clock,
    deadline,
    signal,
    progress,
  }: {
    readonly clock: Clock
    /** On the clock's `monotonic`. */
    readonly deadline: number
    readonly signal: AbortSignal | undefined
    /** Resolves when this process has come further. */
    progress(): Promise<void>
  },
): Promise<boolean> {
  for (let delay = 5; ; delay = Math.min(200, delay * 2)) {
    signal?.throwIfAborted()
    const further = progress()
    if (await reached()) return true
    const left = deadline - clock.monotonic()
    if (left <= 0) return false
    const enough = new AbortController()
    const slept = clock.sleep(Math.min(delay, left), enough.signal).catch(() => undefined)
    await Promise.race([further, slept])
    enough.abort()
  }
}
