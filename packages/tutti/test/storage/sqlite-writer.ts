// Appends until it is killed, and says which appends were acknowledged: "stream version position" a line.
import { writeSync } from 'node:fs'
import { sqliteStorage } from '../../src/storage/index.ts'

const storage = sqliteStorage({ path: process.argv[2] ?? '', checkpointAfter: '256kb' })
const run = process.argv[3] ?? ''

await Promise.all(
  Array.from({ length: 16 }, async (_, caller) => {
    for (let i = 0; ; i++) {
      const events = Array.from({ length: 1 + (i % 3) }, (_, part) => ({ type: 'counted', data: { run, caller, i, part } }))
      const { stream, version, position } = await storage.events.append(`counter-${caller % 8}`, events)
      writeSync(1, `${stream} ${version} ${position}\n`)
    }
  }),
)
