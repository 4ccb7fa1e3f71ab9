import { randomBytes } from 'node:crypto'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createInline, createProjector } from '../../src/projections/public.ts'
import type { Storage } from '../../src/storage/index.ts'
import { KillLog } from './kill-log.ts'
import { KillProcess, type KillTarget } from './kill-process.ts'
import { readModels, type ReadModels } from './kill-read-models.ts'
import { checkSums, readSums } from './kill-sums.ts'

/** Which storage processes open, and how. */
export interface KillOptions extends KillTarget {
  /** Opens the same storage in this process. */
  readonly open: () => Promise<Storage> | Storage
  readonly rounds: number
  /** How many processes share the work; one of them is killed in each round. @default 1 */
  readonly processes?: number
}

/** What the rounds have come to. */
export interface KillReport {
  readonly acknowledged: number
  /** Written, but the process died before it could tell. */
  readonly unacknowledged: number
  /** In how many rounds asynchronous read models had come further than before, and yet not as far as the events. */
  readonly inMidst: number
}

/**
 * Kills a process with SIGKILL that writes and keeps read models, round after round. After each one a checker looks for every append and
 * transaction that was acknowledged, for half ones, gaps in versions, and sums that are not those of the events; after the last one a new
 * projector has to catch up. Throws at the first fault.
 */
export async function killRounds({ open, rounds, processes = 1, ...target }: KillOptions): Promise<KillReport> {
  const test = randomBytes(6).toString('hex')
  const models = readModels(test)
  await using _tables = await setUp(open, models)
  const log = new KillLog()
  await using cache = await mkdtempDisposable(join(tmpdir(), 'tutti-kill-'))
  const spawn = (round: number, slot: number): KillProcess =>
    new KillProcess(target, { test, name: `${round}.${slot}`, slot, cache: cache.path })
  const running = Array.from({ length: processes }, (_, slot) => spawn(0, slot))
  let inMidst = 0
  let applied = 0
  try {
    for (let round = 0; round < rounds; round++) {
      for (const one of running) one.go()
      const slot = Math.floor(Math.random() * processes)
      const victim = running[slot] as KillProcess
      const others = running.filter((one) => one !== victim)
      // It loads its modules meanwhile.
      const next = spawn(round + 1, slot)
      running[slot] = next
      try {
        await victim.atWork(1 + Math.random() * 80)
        await sleep(Math.random() * 40)
      } finally {
        await victim.kill()
      }
      await Promise.all(others.map((one) => one.hold()))
      await using storage = await open()
      const before = applied
      applied = await check(storage, log, models)
      log.checkUnits([victim, ...others].flatMap((one) => one.takeAcknowledged()))
      if (applied > before && applied < 2 * log.size) inMidst++
    }
  } finally {
    await Promise.all(running.map((one) => one.kill()))
  }
  await using storage = await open()
  await catchUp(storage, log, models)
  const { acknowledged, unacknowledged } = log
  return { acknowledged, unacknowledged, inMidst }
}

/** Creates the read models, so that processes find them; their tables go when it is disposed of. */
async function setUp(open: KillOptions['open'], { table, documents, inline, tables }: ReadModels): Promise<AsyncDisposable> {
  await using storage = await open()
  await createInline(storage, [inline]).start()
  await using projector = createProjector(storage, [table, documents])
  await projector.start()
  return {
    async [Symbol.asyncDispose]() {
      await using storage = await open()
      for (const name of Object.values(tables)) await storage.sql`drop table ${storage.sql.id(name)}`
    },
  }
}

/** A server may still be at what a dead process had sent, or wait for its locks; then there is more to read. */
async function check(storage: Storage, log: KillLog, models: ReadModels): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const sums = await readSums(storage, models)
    await log.readOn(storage)
    try {
      await log.checkDocuments(storage)
      return checkSums(sums, log)
    } catch (error) {
      if (attempt === 600) throw error
      await sleep(50)
    }
  }
}

/** A process that begins after all others are dead has to come as far as the events. */
async function catchUp(storage: Storage, log: KillLog, models: ReadModels): Promise<void> {
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
