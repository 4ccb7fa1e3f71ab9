import type { Storage } from '../../storage/index.ts'
import { seededRandom } from './random.ts'
import { follow, kept, type Seen, type SeenEvent } from './readers.ts'
import { writeOnce, type Acknowledged, type WriterTask } from './writers.ts'

/** How hard and how long a storage is tortured. */
export interface TortureOptions {
  /** Writers at the same time. @default 32 */
  readonly writers?: number
  /** How long they write. @default 5 */
  readonly seconds?: number
  /** Makes the writers draw the same numbers again; what they meet depends on the backend's timing as well. @default a random one */
  readonly seed?: number
  /** How many storages write and read, each opened on its own. @default 1 */
  readonly storages?: number
  /** Whether connections are broken on purpose meanwhile: then storage errors are taken as they come. @default false */
  readonly faults?: boolean
}

/** What a torture has come to. */
export interface TortureReport {
  readonly seed: number
  readonly events: number
  readonly rolledBack: number
}

/**
 * Concurrent writers with single appends, conflicts, and transactions that wait, nest and roll back, against readers that keep checkpoints
 * and check that nothing is ever skipped or out of order. Throws an error that names the seed where anything is wrong.
 */
export async function tortureStorage(open: () => Promise<Storage> | Storage, options: TortureOptions = {}): Promise<TortureReport> {
  const { writers = 32, seconds = 5, seed = Math.floor(Math.random() * 2 ** 32), storages: count = 1, faults = false } = options
  const storages: Storage[] = []
  try {
    for (let i = 0; i < count; i++) storages.push(await open())
    return await torture(storages, { writers, seconds, seed, faults })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`The torture with seed ${seed} found: ${reason}`, { cause })
  } finally {
    await Promise.all(storages.map((storage) => storage.close()))
  }
}

async function torture(
  storages: readonly Storage[],
  { writers, seconds, seed, faults }: Required<Omit<TortureOptions, 'storages'>>,
): Promise<TortureReport> {
  const storageOf = (i: number): Storage => storages[i % storages.length] as Storage
  const run = `t${Math.random().toString(36).slice(2, 10)}`
  const streams = Array.from({ length: 20 }, (_, i) => `${run}-${i % 3}-${i}`)
  const types = ['red', 'green', 'blue'].map((color) => `${run}.${color}`)
  const acknowledged: Acknowledged[] = []
  const undone = new Set<number>()
  const unknown = new Set<number>()
  let id = 0
  const after = await storageOf(0).events.head()
  const ends = performance.now() + seconds * 1000

  let working = writers
  let failed = false
  const writing = Array.from({ length: writers }, async (_, i) => {
    const random = seededRandom(seed + i)
    const task: WriterTask = { storage: storageOf(i), random, streams, types, nextId: () => ++id, acknowledged, undone, unknown, faults }
    try {
      while (!failed && performance.now() < ends) await writeOnce(task)
    } finally {
      working--
    }
  })
  const all: Seen[] = [
    { name: 'of everything', filter: { streams: [run] }, events: [] },
    { name: 'of everything again', filter: { streams: [run] }, events: [] },
    { name: 'of a type', filter: { types: [types[0] as string] }, events: [] },
    { name: 'of a prefix', filter: { streams: [`${run}-1-`] }, events: [] },
    { name: 'of types and prefixes', filter: { types: types.slice(1), streams: [`${run}-0-`, `${run}-2-`] }, events: [] },
  ]
  const writingOn = (): boolean => !failed && working > 0
  const end = (): number => (failed ? after : acknowledged.reduce((last, { upTo }) => Math.max(last, upTo), after))
  const reading = all.map((seen, i) =>
    follow(seen, { storage: storageOf(i), random: seededRandom(seed - 1 - i), after, faults, writing: writingOn, end }),
  )
  const outcomes = await Promise.allSettled(
    [...writing, ...reading].map(async (work) => {
      await work.catch((error: unknown) => {
        failed = true
        throw error
      })
    }),
  )
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason

  const log = (
    await storageOf(0)
      .events.readAll({ after, streams: [run] })
      .toArray()
  ).map(kept)
  for (const seen of all) checkSame(seen, log)
  await checkWritten({ storage: storageOf(0), streams, acknowledged, undone, unknown }, log)
  return { seed, events: log.length, rolledBack: undone.size }
}

/** A reader has seen exactly what the log holds for it. */
function checkSame({ name, filter, events }: Seen, log: readonly SeenEvent[]): void {
  const wanted = log.filter(
    ({ stream, type }) => (filter.types?.includes(type) ?? true) && (filter.streams?.some((prefix) => stream.startsWith(prefix)) ?? true),
  )
  const seen = new Set(events.map(({ position }) => position))
  const skipped = wanted.filter(({ position }) => !seen.has(position))
  if (skipped.length > 0)
    throw new Error(
      `The reader ${name} skipped ${skipped.length} of ${wanted.length} events, such as the one at position ${skipped[0]?.position}.`,
    )
  for (const [i, event] of events.entries())
    if (event.position !== wanted[i]?.position || event.id !== wanted[i].id)
      throw new Error(`The reader ${name} saw an event at position ${event.position} that the log does not have there.`)
}

/** The log holds what was acknowledged, each stream without gaps, and nothing that was rolled back. */
async function checkWritten(
  {
    storage,
    streams,
    acknowledged,
    undone,
    unknown,
  }: {
    readonly storage: Storage
    readonly streams: readonly string[]
    readonly acknowledged: readonly Acknowledged[]
    readonly undone: ReadonlySet<number>
    readonly unknown: ReadonlySet<number>
  },
  log: readonly SeenEvent[],
): Promise<void> {
  const places = new Map<string, SeenEvent>()
  for (const event of log) {
    if (undone.has(event.id)) throw new Error(`The event ${event.id} of ${event.stream} was rolled back, and is there.`)
    places.set(`${event.stream}@${event.streamVersion}`, event)
  }
  for (const { stream, version, id } of acknowledged)
    if (places.get(`${stream}@${version}`)?.id !== id)
      throw new Error(`The event ${id} was acknowledged as version ${version} of ${stream}, and is not there.`)
  const known = log.filter(({ id }) => !unknown.has(id)).length
  if (known !== acknowledged.length) throw new Error(`The log holds ${known} events, and ${acknowledged.length} were acknowledged.`)
  for (const stream of streams) {
    const read = await storage.events.read(stream).toArray()
    const gap = read.findIndex(({ streamVersion }, i) => streamVersion !== i + 1)
    if (gap !== -1) throw new Error(`The stream ${stream} has version ${read[gap]?.streamVersion} where ${gap + 1} should be.`)
  }
}
