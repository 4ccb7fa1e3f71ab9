import { StorageError, StreamConflictError, type Appended, type Storage, type Transaction } from '../../storage/index.ts'
import type { Random } from './random.ts'

/** One event that a writer knows to be committed. */
export interface Acknowledged {
  readonly stream: string
  readonly version: number
  readonly id: number
  /** The position of the last event that was appended together with it. */
  readonly upTo: number
}

/** What writers work on. */
export interface WriterTask {
  readonly storage: Storage
  readonly random: Random
  readonly streams: readonly string[]
  readonly types: readonly string[]
  /** A number that no other event has. */
  readonly nextId: () => number
  readonly acknowledged: Acknowledged[]
  /** Numbers of events that were rolled back: nobody may ever see them. */
  readonly undone: Set<number>
  /** Numbers of events of which nobody knows whether they were committed. */
  readonly unknown: Set<number>
  /** Whether connections are broken on purpose. */
  readonly faults: boolean
}

class Stop extends Error {}

/** Does one random thing: a single append, a conflict, or a transaction with delays that commits, rolls back or nests. */
export async function writeOnce(task: WriterTask): Promise<void> {
  const { random } = task
  try {
    if (random.chance(0.5)) await appendOnce(task)
    else await transactOnce(task)
  } catch (error) {
    const expected = error instanceof StreamConflictError || error instanceof Stop || isContention(error)
    if (!expected && !(task.faults && error instanceof StorageError)) throw error
  }
  if (random.chance(0.2)) await pause(random.whole(4))
}

async function appendOnce(task: WriterTask): Promise<void> {
  const { storage, random, acknowledged } = task
  const { stream, events, ids } = draw(task)
  const known = random.chance(0.3) ? ((await storage.events.info(stream))?.version ?? 0) : undefined
  try {
    const answer = await storage.events.append(stream, events, known === undefined ? {} : { expected: known })
    acknowledged.push(...numbered(stream, answer, ids))
  } catch (error) {
    lose(task, ids, error)
    throw error
  }
}

async function transactOnce(task: WriterTask): Promise<void> {
  const { storage, random, acknowledged, undone } = task
  const written: Acknowledged[] = []
  const drawn: number[] = []
  const nestedDrawn: number[] = []
  try {
    await storage.transaction(async (tx) => {
      for (let count = 1 + random.whole(3); count > 0; count--) {
        await appendIn(tx, task, { written, drawn })
        if (random.chance(0.5)) await pause(random.whole(8))
      }
      if (random.chance(0.3)) await nestOnce(tx, task, { written, drawn: nestedDrawn })
      if (random.chance(0.25)) throw new Stop()
      if (random.chance(0.3)) await pause(random.whole(8))
    })
  } catch (error) {
    lose(task, [...drawn, ...nestedDrawn], error)
    throw error
  }
  acknowledged.push(...written)
  const kept = new Set(written.map(({ id }) => id))
  for (const id of nestedDrawn) if (!kept.has(id)) undone.add(id)
}

/** Whether the backend ended the work because it met too many locks of others, as it may. */
function isContention(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'TUTTI_STORAGE_CONTENTION'
}

function lose({ undone, unknown }: WriterTask, ids: readonly number[], error: unknown): void {
  const set = error instanceof StorageError && error.details['outcome'] === 'unknown' ? unknown : undone
  for (const id of ids) set.add(id)
}

interface Log {
  readonly written: Acknowledged[]
  readonly drawn: number[]
}

async function nestOnce(tx: Transaction, task: WriterTask, log: Log): Promise<void> {
  const inner: Log = { written: [], drawn: log.drawn }
  try {
    await tx.transaction(async (nested) => {
      await appendIn(nested, task, inner)
      if (task.random.chance(0.5)) await pause(task.random.whole(4))
      if (task.random.chance(0.5)) throw new Stop()
    })
    log.written.push(...inner.written)
  } catch (error) {
    if (!(error instanceof Stop)) throw error
  }
}

async function appendIn(tx: Transaction, task: WriterTask, { written, drawn }: Log): Promise<void> {
  const { stream, events, ids } = draw(task)
  drawn.push(...ids)
  written.push(...numbered(stream, await tx.events.append(stream, events), ids))
}

function draw({ random, streams, types, nextId }: WriterTask): {
  readonly stream: string
  readonly ids: readonly number[]
  readonly events: readonly { readonly type: string; readonly data: { readonly id: number } }[]
} {
  const ids = Array.from({ length: 1 + random.whole(3) }, nextId)
  const events = ids.map((id) => ({ type: types[random.whole(types.length)] as string, data: { id } }))
  return { stream: streams[random.whole(streams.length)] as string, ids, events }
}

function numbered(stream: string, { version, position }: Appended, ids: readonly number[]): Acknowledged[] {
  return ids.map((id, i) => ({ stream, id, version: version - ids.length + 1 + i, upTo: position }))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
