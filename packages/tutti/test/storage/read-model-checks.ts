import { setTimeout as sleep } from 'node:timers/promises'
import { createInline, createProjector } from '../../src/projections/public.ts'
import type { Storage } from '../../src/storage/index.ts'
import type { KillLog } from './kill-log.ts'
import type { ReadModels } from './kill-read-models.ts'
import { checkSums, readSums } from './kill-sums.ts'

/** Creates read models, so that processes find them. */
export async function setUp(storage: Storage, { table, documents, inline }: ReadModels): Promise<void> {
  await createInline(storage, [inline]).start()
  await using projector = createProjector(storage, [table, documents])
  await projector.start()
}

/** Drops their tables. */
export async function tearDown({ sql }: Storage, { tables }: ReadModels): Promise<void> {
  for (const name of Object.values(tables)) await sql`drop table ${sql.id(name)}`
}

/** A server may still be at what a dead process had sent, or wait for its locks; then there is more to read. */
export async function check(storage: Storage, log: KillLog, models: ReadModels): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const sums = await readSums(storage, models)
    await log.readOn(storage)
    try {
      await log.checkStreams(storage)
      await log.checkTotals(storage)
      return checkSums(sums, log)
    } catch (error) {
      if (attempt === 600) throw error
      await sleep(50)
    }
  }
}

/** A process that begins after all others are dead has to come as far as the events. */
export async function catchUp(storage: Storage, log: KillLog, models: ReadModels): Promise<void> {
  const { table, documents } = models
  await using projector = createProjector(storage, [table, documents])
  await projector.start()
  for (const model of [table, documents]) {
    await projector.waitFor(model, log.position, { timeout: '60s' })
    const letters = await projector.deadLetters(model)
    if (letters.length > 0) throw new Error(`${model.name} has given up events: ${JSON.stringify(letters)}`)
  }
  const counted = await check(storage, log, models)
  if (counted !== 2 * log.size) throw new Error(`Of ${log.size} events two read models together have counted ${counted}.`)
}
