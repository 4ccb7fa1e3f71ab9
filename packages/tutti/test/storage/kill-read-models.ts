import * as z from 'zod'
import { aggregate } from '../../src/events/public.ts'
import { event, type RecordedEvent } from '../../src/message/index.ts'
import { projection, type BuildContext, type Projection, type ProjectionContext } from '../../src/projections/public.ts'
import type { SqlStatement } from '../../src/storage/index.ts'

const data = z.object({
  unit: z.string(),
  of: z.number(),
  amount: z.number(),
  /** Whose document was written together with the event. */
  caller: z.string().optional(),
})

/** What is written: every event says of which unit it is, and of how many events that one consists. */
export type Written = z.infer<typeof data>

export const Thing = aggregate('thing', {
  events: { written: event(data), counted: event(data) },
  commands: { count: data },
  initial: () => ({}),
})
  .evolve({ written: (state) => state, counted: (state) => state })
  .decide({ count: (_, counted, emit) => emit.counted(counted) })

/** How many events there were, and what they came to. */
export interface Sum {
  readonly events: number
  readonly amount: number
}

/** Beside the sums of streams, the one of all of them: every process writes to it. */
export const everything = '*'

/** The read models that have to agree with the events whatever is killed. */
export interface ReadModels {
  /** Asynchronous, all events in the table `sums`. */
  readonly table: Projection
  /** Asynchronous, all events in documents. */
  readonly documents: Projection
  /** In the transactions that append: the events `thing.counted` in documents and in the table `counts`. */
  readonly inline: Projection
  /** The names of their tables. */
  readonly tables: Readonly<Record<'sums' | 'counts', string>>
}

/** Defines them, with names and tables that only this test has. `seen` is called for each event that an asynchronous one handles. */
export function readModels(test: string, seen: () => void = () => undefined): ReadModels {
  const [sums, counts] = [`sums_${test}`, `counts_${test}`]
  const asynchronous = { from: [Thing], batch: 20, retry: { attempts: 1_000, delay: 5, maxDelay: 50 } } as const
  const toTable = (event: RecordedEvent<Written>, ctx: ProjectionContext): SqlStatement => {
    seen()
    return add(ctx, sums, { ids: [event.stream, everything], amount: event.data.amount })
  }
  const toDocuments = async (event: RecordedEvent<Written>, { documents }: ProjectionContext): Promise<void> => {
    seen()
    for (const id of [event.stream, everything]) documents.put(id, more(await documents.get<Sum>(id), event.data.amount))
  }
  return {
    table: projection(
      `kill-table-${test}`,
      { ...asynchronous, setup: (ctx) => createTable(ctx, sums) },
      { 'thing.written': toTable, 'thing.counted': toTable },
    ),
    documents: projection(`kill-documents-${test}`, asynchronous, { 'thing.written': toDocuments, 'thing.counted': toDocuments }),
    inline: projection(
      `kill-inline-${test}`,
      { from: [Thing], mode: 'inline', setup: (ctx) => createTable(ctx, counts) },
      {
        'thing.counted': async (event, ctx) => {
          const { stream, data } = event
          ctx.documents.put(stream, more(await ctx.documents.get<Sum>(stream), data.amount))
          await add(ctx, counts, { ids: [stream], amount: data.amount })
        },
      },
    ),
    tables: { sums: `${sums}_v1`, counts: `${counts}_v1` },
  }
}

function more(before: Sum | undefined, amount: number): Sum {
  return { events: (before?.events ?? 0) + 1, amount: (before?.amount ?? 0) + amount }
}

function createTable({ sql, table }: BuildContext, name: string): SqlStatement {
  return sql`create table if not exists ${table(name)} (id varchar(100) primary key, events integer not null, amount integer not null)`
}

function add(
  { sql, table }: BuildContext,
  name: string,
  { ids, amount }: { readonly ids: readonly string[]; readonly amount: number },
): SqlStatement {
  const rows = ids.map((id) => sql`(${id}, 1, ${amount})`).reduce((before, row) => sql`${before}, ${row}`)
  const insert = sql`insert into ${table(name)} (id, events, amount) values ${rows}`
  if (sql.dialect === 'mysql')
    return sql`${insert} on duplicate key update events = events + values(events), amount = amount + values(amount)`
  return sql`${insert} on conflict (id) do update set events = ${table(name)}.events + excluded.events, amount = ${table(name)}.amount + excluded.amount`
}
