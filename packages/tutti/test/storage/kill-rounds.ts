import { randomBytes } from 'node:crypto'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Storage } from '../../src/storage/index.ts'
import { KillLog } from './kill-log.ts'
import { KillProcess, type KillTarget } from './kill-process.ts'
import { readModels } from './kill-read-models.ts'
import { catchUp, check, setUp, tearDown } from './read-model-checks.ts'

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
  {
    await using storage = await open()
    await setUp(storage, models)
  }
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
        const events = 1 + Math.random() * 80
        // One of them is amid the work of read models; a newcomer may die before it has its share of that.
        await Promise.all([victim.atWork(0), Promise.any([victim, ...others].map((one) => one.atWork(events)))])
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
  await tearDown(storage, models)
  const { acknowledged, unacknowledged } = log
  return { acknowledged, unacknowledged, inMidst }
}
