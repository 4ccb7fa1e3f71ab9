import type { RecordedEvent } from '../../message/index.ts'
import { StorageError, type ReadAllOptions, type Storage } from '../../storage/index.ts'
import type { Random } from './random.ts'

/** What a checking reader has seen, in the order in which it did. */
export interface Seen {
  readonly name: string
  readonly filter: ReadAllOptions
  readonly events: SeenEvent[]
}

/** What is kept of an event that was seen. */
export interface SeenEvent {
  readonly position: number
  readonly stream: string
  readonly streamVersion: number
  readonly type: string
  readonly id: number
}

/** How a reader goes on. */
export interface ReaderTask {
  readonly storage: Storage
  readonly random: Random
  readonly after: number
  /** Whether events may still come. */
  readonly writing: () => boolean
  /** The last position that was acknowledged. */
  readonly end: () => number
  /** Whether connections are broken on purpose. */
  readonly faults: boolean
}

/** How long a reader that does not come to the end is waited for after the last writer has ended, in milliseconds. */
const longestWait = 30_000

/** Polls pages with a checkpoint, as projections do, until the writers have ended and nothing is left. Throws at the first disorder. */
export async function follow(seen: Seen, { storage, random, after, writing, end, faults }: ReaderTask): Promise<void> {
  const versions = new Map<string, number>()
  const complete = seen.filter.types === undefined
  let position = after
  let giveUpAt = performance.now() + longestWait
  for (;;) {
    const last = !writing()
    const page = await storage.events.page({ ...seen.filter, after: position, limit: 1 + random.whole(200) }).catch((error: unknown) => {
      if (!faults || !(error instanceof StorageError)) throw error
    })
    if (page === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      continue
    }
    if (page.position < position) throw new Error(`The reader ${seen.name} went back from position ${position} to ${page.position}.`)
    let before = position
    for (const event of page.events) {
      if (event.position <= before || event.position > page.position)
        throw new Error(`The reader ${seen.name} met position ${event.position} between ${before} and ${page.position}.`)
      before = event.position
      checkVersion(event, { versions, complete, name: seen.name })
      seen.events.push(kept(event))
    }
    position = page.position
    // What is left of transactions that were cut off may hold readers back for a while after the last writer has ended.
    if (last && page.events.length === 0 && (position >= end() || performance.now() > giveUpAt)) return
    if (!last) giveUpAt = performance.now() + longestWait
    await new Promise((resolve) => (random.chance(0.5) ? setImmediate(resolve) : setTimeout(resolve, random.whole(5))))
  }
}

/** What is kept of an event. */
export function kept({ position, stream, streamVersion, type, data }: RecordedEvent): SeenEvent {
  return { position, stream, streamVersion, type, id: (data as { id: number }).id }
}

function checkVersion(
  { stream, streamVersion }: RecordedEvent,
  { versions, complete, name }: { readonly versions: Map<string, number>; readonly complete: boolean; readonly name: string },
): void {
  const before = versions.get(stream) ?? 0
  versions.set(stream, streamVersion)
  if (complete ? streamVersion === before + 1 : streamVersion > before) return
  throw new Error(`The reader ${name} met version ${streamVersion} of ${stream} behind version ${before}.`)
}
