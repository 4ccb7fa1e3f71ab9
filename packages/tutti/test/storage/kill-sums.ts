import { isDeepStrictEqual } from 'node:util'
import type { Projection } from '../../src/projections/public.ts'
import { segmentOf } from '../../src/projections/segment-of.ts'
import type { Storage } from '../../src/storage/index.ts'
import type { KillLog, Seen } from './kill-log.ts'
import { everything, type ReadModels, type Sum } from './kill-read-models.ts'

type Sums = ReadonlyMap<string, Sum>

/** What read models held at one moment, and how far the asynchronous ones had come by then. */
export interface StoredSums {
  readonly table: { readonly sums: Sums; upTo(stream: string): number }
  readonly documents: { readonly sums: Sums; upTo(stream: string): number }
  readonly inline: { readonly documents: Sums; readonly table: Sums }
}

/** Reads what read models hold. Processes may go on keeping the asynchronous ones. */
export async function readSums(storage: Storage, models: ReadModels): Promise<StoredSums> {
  return {
    table: await settled(storage, models.table, () => tableSums(storage, models.tables.sums)),
    documents: await settled(storage, models.documents, () => documentSums(storage, models.documents)),
    inline: { documents: await documentSums(storage, models.inline), table: await tableSums(storage, models.tables.counts) },
  }
}

/** Throws where sums are not those of the events up to each checkpoint. Gives how many events the asynchronous ones have counted, together. */
export function checkSums({ table, documents, inline }: StoredSums, log: KillLog): number {
  const counted = ({ counted }: Seen): boolean => counted
  compare(
    'The inline documents',
    inline.documents,
    sumsOf(log, () => counted),
  )
  compare(
    'The inline table',
    inline.table,
    sumsOf(log, () => counted),
  )
  const counts = [table, documents].map(({ sums, upTo }, i) => {
    const wanted = sumsOf(
      log,
      (stream) =>
        ({ position }) =>
          position <= upTo(stream),
    )
    const all = total(wanted)
    compare(i === 0 ? 'The table' : 'The documents', sums, all.events === 0 ? wanted : new Map([...wanted, [everything, all]]))
    return all.events
  })
  return counts.reduce((a, b) => a + b)
}

/** Reads sums between two looks at the checkpoints that see the same: then they belong together. */
async function settled(storage: Storage, { name, version }: Projection, read: () => Promise<Sums>): Promise<StoredSums['table']> {
  const look = () => storage.state.list<{ readonly position: number }>(`checkpoints/${name}@${version}/`, { limit: 1000 })
  for (let before = await look(); ;) {
    const sums = await read()
    const after = await look()
    if (isDeepStrictEqual(versionsOf(before), versionsOf(after))) {
      const positions = new Map(after.map(({ key, value }) => [Number(key.slice(key.lastIndexOf('/') + 1)), value.position]))
      return { sums, upTo: (stream) => positions.get(segmentOf(stream, positions.size)) ?? 0 }
    }
    before = after
  }
}

function versionsOf(documents: readonly { readonly key: string; readonly version: number }[]): readonly unknown[] {
  return documents.map(({ key, version }) => [key, version])
}

async function tableSums({ sql }: Storage, table: string): Promise<Sums> {
  const rows = await sql<{ id: string; events: number; amount: number }>`select id, events, amount from ${sql.id(table)}`
  return new Map(rows.map(({ id, events, amount }) => [id, { events, amount }]))
}

async function documentSums({ state }: Storage, { name, version }: Projection): Promise<Sums> {
  const prefix = `${name}@${version}/`
  const documents = await state.list<Sum>(prefix, { limit: 1000 })
  return new Map(documents.map(({ key, value }) => [key.slice(prefix.length), value]))
}

/** The sum of each stream, of the events that are chosen in it. */
function sumsOf({ streams }: KillLog, choose: (stream: string) => (event: Seen) => boolean): Map<string, Sum> {
  const sums = new Map<string, Sum>()
  for (const [stream, events] of streams) {
    const chosen = events.filter(choose(stream))
    if (chosen.length > 0) sums.set(stream, { events: chosen.length, amount: chosen.reduce((sum, { amount }) => sum + amount, 0) })
  }
  return sums
}

function total(sums: Sums): Sum {
  return sums.values().reduce((a, b) => ({ events: a.events + b.events, amount: a.amount + b.amount }), { events: 0, amount: 0 })
}

function compare(what: string, found: Sums, wanted: Sums): void {
  const sorted = (sums: Sums): string => JSON.stringify([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  if (sorted(found) !== sorted(wanted)) throw new Error(`${what} hold ${sorted(found)}; the events say ${sorted(wanted)}.`)
}
