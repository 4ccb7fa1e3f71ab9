import { casesOf, type StorageCase } from './storage-case.ts'

/** Streams of many events are read in pages: memory stays flat. */
export function bigStreamCases(count: number): readonly StorageCase[] {
  return casesOf('big streams', {
    [`${count} events are read in pages with flat memory`]: async ({ storage: { events }, check, name }) => {
      const stream = name('big')
      const after = await events.head()
      const text = 'x'.repeat(1000)
      for (let n = 0; n < count; n += 1000) {
        const size = Math.min(1000, count - n)
        await events.append(
          stream,
          Array.from({ length: size }, (_, i) => ({ type: 'thing.counted', data: { n: n + i, text } })),
          { expected: n },
        )
      }
      const readers = [events.read(stream), events.readAll({ after }), events.readAll({ after, streams: [stream] })]
      for (const reader of readers) {
        const before = heapInUse()
        let n = 0
        for await (const { data, streamVersion } of reader) {
          if (streamVersion !== n + 1 || (data as { n: number }).n !== n) check.equal(streamVersion, n + 1)
          n++
          // Whoever reads all of it first still holds all of it here.
          if (n !== Math.floor(count * 0.6)) continue
          const grown = heapInUse() - before
          check.ok(grown < (count * text.length) / 2, `the heap grew by ${grown} bytes`)
        }
        check.equal(n, count)
      }
      const last = await events.read(stream, { backwards: true, limit: 1 }).toArray()
      check.equal(last[0]?.streamVersion, count)
    },
  })
}

/** Bytes in use once garbage is gone. */
function heapInUse(): number {
  process.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc')
  const collect = process.getBuiltinModule('node:vm').runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
