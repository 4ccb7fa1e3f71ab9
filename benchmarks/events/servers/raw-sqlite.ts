import { DatabaseSync } from 'node:sqlite'
import { offer } from '../../harness/offer.ts'
import { timeReplay, type Replay } from '../replayed.ts'

const columns = 'id, type, version, data, meta, position, stream, stream_version as streamVersion, time, tenant'

let database: DatabaseSync

offer({
  open({ path }: { readonly path: string }) {
    database = new DatabaseSync(path, { readOnly: true })
    return Promise.resolve()
  },
  /** Tutti's events in rows of the driver, everything at once, and the data of each parsed. */
  replay: ({ stream }: Replay) =>
    timeReplay((look) => {
      for (const { data } of rows(stream)) look(JSON.parse(String(data)))
      return Promise.resolve()
    }),
})

function rows(stream: string | undefined): Record<string, unknown>[] {
  if (stream === undefined) return database.prepare(`select ${columns} from tutti_events order by position`).all()
  return database.prepare(`select ${columns} from tutti_events where stream = ? order by stream_version`).all(stream)
}
