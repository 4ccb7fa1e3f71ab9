import type { DriverReader } from '../driver.ts'
import type { Connection } from './connection.ts'
import { countDocuments, listDocuments, readDocuments } from './read-documents.ts'
import { AllReader, listStreams, readStream, readStreamState } from './read-events.ts'
import { headOf } from './write-units.ts'

/** Does something with a connection: at once, or when it may. */
export type Read = <T>(work: (connection: Connection) => T) => Promise<T>

/** The reads of a driver on a connection. */
export function sqliteReader(read: Read): DriverReader {
  return {
    stream: (stream, page) => read((connection) => readStream(connection, stream, page)),
    streamState: (stream) => read((connection) => readStreamState(connection, stream)),
    streams: (query) => read((connection) => listStreams(connection, query)),
    head: () => read(headOf),
    documents: (keys) => read((connection) => readDocuments(connection, keys)),
    list: (query) => read((connection) => listDocuments(connection, query)),
    count: (prefix) => read((connection) => countDocuments(connection, prefix)),
    async all(page) {
      const reader = new AllReader(page)
      for (;;) {
        const done = await read((connection) => reader.step(connection))
        if (done !== undefined) return done
        // A filter that fits little looks at much: others get their turn in between.
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
}
