import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { createRepository, type SnapshotOptions } from '../../src/events/public.ts'
import { createLogger } from '../../src/observe/index.ts'
import { memoryStorage, type Storage } from '../../src/storage/index.ts'
import { counter } from './counter.ts'

const key = 'snapshots/counter-c'

/** A storage whose counter has so many events, each adding 1, and the snapshots that `policy` makes of them. */
async function filled(events: number, policy?: SnapshotOptions): Promise<Storage> {
  const storage = memoryStorage()
  const repository = createRepository(storage)
  const { add } = counter(policy)
  for (let i = 0; i < events; i++) await repository.execute(add(1))
  await repository.close()
  return storage
}

/** What a process that has just started sees, and how many events it had to evolve from. */
async function loadFresh(storage: Storage, policy?: SnapshotOptions): Promise<{ sum: number; evolved: number; warnings: string[] }> {
  const warnings: string[] = []
  const logger = createLogger({ level: 'warn', destination: { write: (line) => warnings.push(line) } })
  const { Counter, seen } = counter(policy)
  const repository = createRepository(storage, { logger })
  const { sum } = await repository.load(Counter, 'c')
  await repository.close()
  await logger.flush()
  return { sum, evolved: seen.evolved, warnings }
}

describe('snapshots', () => {
  it('are written every so many events, and spare the replay', async () => {
    const storage = await filled(25, { every: 10 })
    expect(await storage.state.get(key)).toMatchObject({ value: { version: 20, state: { sum: 20 } } })
    expect(await loadFresh(storage, { every: 10 })).toEqual({ sum: 25, evolved: 5, warnings: [] })
    expect(await loadFresh(await filled(9, { every: 10 }), { every: 10 })).toMatchObject({ sum: 9, evolved: 9 })
  })

  it('are not written without a policy', async () => {
    expect(await (await filled(25)).state.get(key)).toBeUndefined()
  })

  it('are written by a load that had to read much', async () => {
    const storage = await filled(25)
    expect(await loadFresh(storage, { every: 10 })).toMatchObject({ sum: 25, evolved: 25 })
    expect(await storage.state.get(key)).toMatchObject({ value: { version: 25 } })
    expect(await loadFresh(storage, { every: 10 })).toMatchObject({ sum: 25, evolved: 0 })
  })

  it('do not delay the answer, and their failure does no harm', async () => {
    const storage = memoryStorage()
    const warnings: string[] = []
    const written = Promise.withResolvers<number>()
    const state = { ...storage.state, put: () => written.promise }
    const failing = new Proxy(storage, { get: (target, name) => (name === 'state' ? state : Reflect.get(target, name, target)) })
    const logger = createLogger({ level: 'warn', destination: { write: (line) => warnings.push(line) } })
    const repository = createRepository(failing, { logger })
    const { add } = counter({ every: 1 })
    expect(await repository.execute(add(1))).toMatchObject({ ok: true, version: 1 })
    expect(await repository.execute(add(1))).toMatchObject({ ok: true, version: 2 })
    written.reject(new Error('full'))
    await repository.close()
    await logger.flush()
    expect(warnings.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { message: 'A snapshot could not be written', version: 1, reason: 'full' },
      { message: 'A snapshot could not be written', version: 2, reason: 'full' },
    ])
  })

  const wrong: Record<string, SnapshotOptions> = {
    'of another version': { every: 10, version: 2 },
    'of another schema': { every: 10, schema: z.object({ sum: z.number(), more: z.string().default('') }) },
  }
  it.each(Object.entries(wrong))('%s are discarded, and replaced', async (_, policy) => {
    const storage = await filled(25, { every: 10 })
    const first = await loadFresh(storage, policy)
    expect(first).toMatchObject({ sum: 25, evolved: 25 })
    expect(first.warnings.join()).toContain('the aggregate has changed since')
    expect(await loadFresh(storage, policy)).toEqual({ sum: 25, evolved: 0, warnings: [] })
  })

  const damages: Record<string, (value: Record<string, unknown>) => unknown> = {
    'are of something else': () => 'nonsense',
    'have no version': ({ version: _, ...rest }) => rest,
    'are ahead of the stream, as after a restored backup': (value) => ({ ...value, version: 1000 }),
    'are of another history': (value) => ({ ...value, event: '01990000-0000-7000-8000-000000000000' }),
    'have a state that does not fit the schema': (value) => ({ ...value, state: { sum: 'many' } }),
  }
  it.each(Object.entries(damages))('that %s are discarded', async (_, damage) => {
    const policy = { every: 10, schema: z.object({ sum: z.number() }) }
    const storage = await filled(25, policy)
    const saved = await storage.state.get<Record<string, unknown>>(key)
    await storage.state.put(key, damage(saved?.value ?? {}))
    expect(await loadFresh(storage, policy)).toMatchObject({ sum: 25, evolved: 25 })
  })

  it('that are no JSON are discarded', async () => {
    const storage = await filled(25, { every: 10 })
    const state = { ...storage.state, get: () => Promise.reject(new SyntaxError('Unexpected token')) }
    const broken = new Proxy(storage, { get: (target, name) => (name === 'state' ? state : Reflect.get(target, name, target)) })
    expect(await loadFresh(broken, { every: 10 })).toMatchObject({ sum: 25, evolved: 25 })
  })

  it('stand in for truncated events, also where nothing is left to compare with', async () => {
    for (const before of [15, 20, 21]) {
      const storage = await filled(20, { every: 10 })
      await storage.events.truncate('counter-c', before)
      expect(await loadFresh(storage, { every: 10 }), `truncated before ${before}`).toMatchObject({ sum: 20, evolved: 0 })
      const { add } = counter({ every: 10 })
      expect(await createRepository(storage).execute(add(1))).toMatchObject({ ok: true, version: 21 })
      expect(await loadFresh(storage, { every: 10 })).toMatchObject({ sum: 21, evolved: 1 })
    }
  })

  it('are missed clearly where events were truncated', async () => {
    const { Counter, add } = counter()
    for (const before of [5, 21]) {
      const storage = await filled(20)
      await storage.events.truncate('counter-c', before)
      const repository = createRepository(storage)
      await expect(repository.load(Counter, 'c')).rejects.toMatchObject({ code: 'TUTTI_STREAM_TRUNCATED', details: { first: before } })
      await expect(repository.execute(add(1))).rejects.toMatchObject({ code: 'TUTTI_STREAM_TRUNCATED' })
      await expect(repository.execute(add(-100))).rejects.toMatchObject({ code: 'TUTTI_STREAM_TRUNCATED' })
    }
  })
})
