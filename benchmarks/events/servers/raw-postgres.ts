import pg from 'pg'
import { offer } from '../../harness/offer.ts'
import { timeReplay, type Replay } from '../replayed.ts'

/** As many as Tutti reads at a time. */
const pageSize = 500

const columns = 'e.id, e.type, e.version, e.data, e.meta, e.position, e.stream, e.stream_version, e.time, e.tenant'

interface Row {
  readonly data: unknown
  readonly position: string
  readonly stream_version: string
}

let client: pg.Client

offer({
  async open({ url }: { readonly url: string }) {
    client = new pg.Client({ connectionString: url })
    await client.connect()
  },
  /** Tutti's events in rows of the driver, JSON parsed: everything at once, or by pages with memory that stays flat. */
  replay: ({ stream, paged }: Replay & { readonly paged: boolean }) =>
    timeReplay(async (look) => {
      for await (const rows of paged ? pages(stream) : whole(stream)) for (const { data } of rows) look(data)
    }),
})

async function* whole(stream: string | undefined): AsyncGenerator<readonly Row[]> {
  const text =
    stream === undefined
      ? `select ${columns} from tutti.events e order by e.position`
      : `select ${columns} from tutti.events e where e.stream_id = (select id from tutti.streams where name = $1) order by e.stream_version`
  yield (await client.query<Row>(text, stream === undefined ? [] : [stream])).rows
}

async function* pages(stream: string | undefined): AsyncGenerator<readonly Row[]> {
  let after = '0'
  for (;;) {
    const query =
      stream === undefined
        ? {
            name: 'all',
            text: `select ${columns} from tutti.events e where e.position > $1 order by e.position limit $2`,
            values: [after, pageSize],
          }
        : {
            name: 'stream',
            text: `select ${columns} from tutti.events e where e.stream_id = (select id from tutti.streams where name = $3) and e.stream_version > $1 order by e.stream_version limit $2`,
            values: [after, pageSize, stream],
          }
    const { rows } = await client.query<Row>(query)
    yield rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = stream === undefined ? last.position : last.stream_version
  }
}
