import type { DocumentRow, DriverReader, StreamState } from 'tutti/storage'
import { ReadBatcher } from './read-batcher.ts'
import { Reads, type Ask, type StreamQuestion } from './reads.ts'

type EventRows = Awaited<ReturnType<DriverReader['stream']>>

/** Reads outside of transactions: what many callers ask at the same time is asked of the server in one statement. */
export function batchedReader(schema: string, ask: Ask, lanes: number): DriverReader {
  const reads = new Reads(schema, ask)
  const forwards = new ReadBatcher<StreamQuestion, EventRows>((questions) => reads.streams(questions), lanes, 128)
  const backwards = new ReadBatcher<StreamQuestion, EventRows>((questions) => reads.streams(questions), lanes, 128)
  const states = new ReadBatcher<string, StreamState | undefined>((streams) => reads.streamStates(streams), lanes, 512)
  const documents = new ReadBatcher<readonly string[], (DocumentRow | undefined)[]>(
    async (questions) => {
      const found = await reads.documents(questions.flat())
      let at = 0
      return questions.map(({ length }) => found.slice(at, (at += length)))
    },
    lanes,
    256,
  )
  return {
    stream: (stream, page) => (page.backwards ? backwards : forwards).ask({ stream, page }),
    all: (page) => reads.all(page),
    streamState: (stream) => states.ask(stream),
    streams: (query) => reads.streamsNamed(query),
    head: () => reads.head(),
    documents: (keys) => documents.ask(keys),
    list: (query) => reads.list(query),
    count: (prefix) => reads.count(prefix),
  }
}

/** Reads within a transaction, one after the other. */
export function plainReader(schema: string, ask: Ask): DriverReader {
  const reads = new Reads(schema, ask)
  return {
    stream: async (stream, page) => (await reads.streams([{ stream, page }]))[0] ?? [],
    all: (page) => reads.all(page),
    streamState: async (stream) => (await reads.streamStates([stream]))[0],
    streams: (query) => reads.streamsNamed(query),
    head: () => reads.head(),
    documents: (keys) => reads.documents(keys),
    list: (query) => reads.list(query),
    count: (prefix) => reads.count(prefix),
  }
}
