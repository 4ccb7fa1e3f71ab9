// Appends until it is killed, and says which appends were acknowledged: "stream version position" a line.
import { sqliteStorage } from '../../src/storage/index.ts'

const storage = sqliteStorage({ path: process.argv[2] ?? '', checkpointAfter: '256kb' })
const run = process.argv[3] ?? ''

await Promise.all(
  Array.from({ length: 16 }, async (_, caller) => {
    for (let i = 0; ; i++) {
      const events = Array.from({ length: 1 + (i % 3) }, (_, part) => ({ type: 'counted', data: { run, caller, i, part } }))
      const { stream, version, position } = await storage.events.append(`counter-${caller % 8}`, events)
      // Synchronous on a pipe, and waits where that is full: whatever was acknowledged is told before the process can die.
      process.stdout.write(`${stream} ${version} ${position}\n`)
    }
  }),
)
