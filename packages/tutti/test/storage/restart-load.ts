import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { PrivateServer } from '../../../../scripts/services/private-server.mjs'
import { createRepository } from '../../src/events/public.ts'
import { createInline, createProjector } from '../../src/projections/public.ts'
import type { Storage } from '../../src/storage/index.ts'
import { KillLog } from './kill-log.ts'
import { readModels, Thing } from './kill-read-models.ts'
import { check, setUp, tearDown } from './read-model-checks.ts'

/** What is ended, and how: in good order, or as by a loss of power. */
export interface RestartOptions {
  readonly storage: Storage
  readonly server: PrivateServer
  readonly how: 'stop' | 'crash'
}

const callers = 8
const soon = { timeout: 60_000, interval: 20 }

/**
 * Ends a server amid appends, commands and the work of projections, and starts it again. What was acknowledged is there; commands that are
 * sent again with their keys until they are answered are there once; and the projections of the process, which goes on, agree with the
 * events.
 */
export async function loadOverRestart({ storage, server, how }: RestartOptions): Promise<void> {
  const models = readModels(randomBytes(6).toString('hex'))
  await setUp(storage, models)
  const inline = createInline(storage, [models.inline])
  const repository = createRepository(storage, { append: (stream, events, options) => inline.append(stream, events, options) })
  await using projector = createProjector(storage, [models.table, models.documents], { interval: 50, poll: 50 })
  await projector.start()

  const acknowledged: string[] = []
  const refused: unknown[] = []
  let working = true
  const attempt = async (unit: string, work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work()
      acknowledged.push(unit)
      return true
    } catch (error) {
      refused.push(error)
      await sleep(20)
      return false
    }
  }
  const append = async (caller: number): Promise<void> => {
    for (let i = 0; working; i++) {
      const unit = `${how}-append-${caller}-${i}`
      const event = Thing.events.written({ unit, of: 1, amount: i })
      await attempt(unit, () => storage.events.append(Thing.stream(unit), [event], { expected: 'none' }))
    }
  }
  const command = async (caller: number): Promise<void> => {
    for (let i = 0; working; i++) {
      const unit = `${how}-command-${caller}-${i}`
      const count = Thing.commands.count(`${how}-${i % 5}`, { unit, of: 1, amount: i }, { key: unit })
      while (!(await attempt(unit, () => repository.execute(count)))) continue
    }
  }
  const work = Promise.all(Array.from({ length: callers }, (_, caller) => [append(caller), command(caller)]).flat())

  await expect.poll(() => acknowledged.length, soon).toBeGreaterThan(200)
  const open = storage.transaction(async (tx) => {
    await tx.events.append(Thing.stream(`${how}-open`), [Thing.events.written({ unit: `${how}-open`, of: 2, amount: 1 })])
    await server[how]()
    await tx.events.append(Thing.stream(`${how}-open`), [Thing.events.written({ unit: `${how}-open`, of: 2, amount: 1 })])
  })
  await expect(open).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', details: { outcome: 'none' } })
  await expect.poll(() => refused.length, soon).toBeGreaterThan(5)
  await expect(storage.ping()).rejects.toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE', status: 503 })
  const before = acknowledged.length
  await server.start()
  await expect.poll(() => acknowledged.length, soon).toBeGreaterThan(before + 50)
  working = false
  await work
  for (const error of refused) expect(error).toMatchObject({ code: 'TUTTI_STORAGE_UNAVAILABLE' })

  const log = new KillLog()
  const position = (
    await storage.events.append(Thing.stream(`${how}-last`), [Thing.events.written({ unit: `${how}-last`, of: 1, amount: 1 })])
  ).position
  for (const model of [models.table, models.documents]) {
    await projector.waitFor(model, position, { timeout: '60s' })
    expect(await projector.deadLetters(model)).toEqual([])
  }
  expect(await check(storage, log, models)).toBe(2 * log.size)
  log.checkUnits(acknowledged)
  expect([...log.streams.keys()]).not.toContain(Thing.stream(`${how}-open`))
  await tearDown(storage, models)
}
