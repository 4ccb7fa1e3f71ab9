import { describe, expect, it } from 'vitest'
import { createProjector, projection, subscription, type PoisonPolicy, type Projector } from '../../src/projections/public.ts'
import { memoryStorage, type Storage } from '../../src/storage/index.ts'
import { Account, documentsOf, openStorage, pay, storages, until } from './support.ts'

/** Amounts below 0 are poison until they are healed. */
function poisonous(poison: PoisonPolicy, { attempts = 3 } = {}) {
  const state = { healed: false, seen: [] as string[] }
  const fail = (stream: string, amount: number): void => {
    state.seen.push(`${stream.slice(8)}${amount}`)
    if (amount < 0 && !state.healed) throw new Error(`poison ${amount}`)
  }
  const options = { poison, retry: { attempts, delay: 1, jitter: 'none' } } as const
  const asProjection = projection(
    'p',
    { from: [Account], ...options },
    {
      'account.paid': async ({ stream, data }, { documents }) => {
        documents.put(stream, [...((await documents.get<number[]>(stream)) ?? []), data.amount])
        fail(stream, data.amount)
      },
    },
  )
  const asSubscription = subscription('p', { from: [Account.events.paid], start: 'beginning', ...options }, ({ stream, data }) =>
    fail(stream, data.amount),
  )
  return { state, asProjection, asSubscription }
}

async function run(storage: Storage, projector: Projector): Promise<number> {
  await pay(storage, 'a', 1)
  await pay(storage, 'a', -2)
  await pay(storage, 'b', 3)
  const last = await pay(storage, 'a', 4)
  await projector.start()
  return last
}

describe.each(storages)('an event that cannot be handled, on %s', (kind) => {
  it('is tried again with a growing delay, while others go on, and counts once it succeeds', async () => {
    const storage = await openStorage(kind)
    const { state, asProjection } = poisonous('park', { attempts: 1000 })
    await using projector = createProjector(storage, [asProjection])
    const last = await run(storage, projector)
    await until(async () => (await documentsOf(storage, 'p@1'))['account-b'])
    await until(async () => (await projector.status())[0]?.state === 'failing')
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1], 'account-b': [3] })
    const [status] = await projector.status()
    expect(status).toMatchObject({ lag: { events: 3 }, deadLetters: 0 })
    expect(status?.segments.filter(({ failing }) => failing)).toHaveLength(1)
    state.healed = true
    await projector.waitFor(asProjection, last)
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1, -2, 4], 'account-b': [3] })
    await until(async () => (await projector.status())[0]?.state === 'running')
    expect((await projector.status())[0]?.lag).toEqual({ events: 0, milliseconds: 0 })
  })

  it('is skipped by policy, and handled when it is replayed', async () => {
    const storage = await openStorage(kind)
    const { state, asProjection } = poisonous('skip')
    await using projector = createProjector(storage, [asProjection])
    await projector.waitFor(asProjection, await run(storage, projector))
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1, 4], 'account-b': [3] })
    expect(state.seen.filter((one) => one === 'a-2')).toHaveLength(3)
    const [letter] = await projector.deadLetters('p')
    const [, event] = await storage.events.read('account-a').toArray()
    expect(letter).toMatchObject({
      eventId: event?.id,
      position: 2,
      stream: 'account-a',
      streamVersion: 2,
      attempts: 3,
      status: 'dead',
      projection: 'p',
    })
    expect(letter?.error).toMatchObject({ message: 'poison -2', stack: expect.stringContaining('failures.test.ts') })
    // Still poison: it comes back.
    await projector.replay(asProjection)
    await until(async () => (await projector.deadLetters(asProjection))[0]?.attempts === 4)
    state.healed = true
    expect(await projector.replay(asProjection, [letter?.id ?? ''])).toBe(1)
    await until(async () => (await projector.deadLetters(asProjection)).length === 0)
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1, 4, -2], 'account-b': [3] })
  })

  it('parks its stream by policy, whose events follow in order when it is replayed', async () => {
    const storage = await openStorage(kind)
    const { state, asProjection } = poisonous('park')
    const projector = createProjector(storage, [asProjection])
    await projector.waitFor(asProjection, await run(storage, projector))
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1], 'account-b': [3] })
    await projector.stop()
    // The next process knows of it.
    await using next = createProjector(storage, [asProjection])
    await next.start()
    await next.waitFor(asProjection, await pay(storage, 'a', 5))
    await next.waitFor(asProjection, await pay(storage, 'b', 6))
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1], 'account-b': [3, 6] })
    expect(await next.deadLetters(asProjection)).toMatchObject([{ status: 'parked', streamVersion: 2, parked: true }])
    await next.replay(asProjection)
    await until(async () => (await next.deadLetters(asProjection))[0]?.attempts === 4)
    state.healed = true
    await next.replay(asProjection)
    await until(async () => (await next.deadLetters(asProjection)).length === 0)
    await next.waitFor(asProjection, await pay(storage, 'a', 7))
    expect((await documentsOf(storage, 'p@1'))['account-a']).toEqual([1, -2, 4, 5, 7])
  })

  it('is passed over when it is discarded, and its stream goes on', async () => {
    const storage = await openStorage(kind)
    const { asProjection } = poisonous('park')
    await using projector = createProjector(storage, [asProjection])
    await projector.waitFor(asProjection, await run(storage, projector))
    await pay(storage, 'a', -8)
    await projector.waitFor(asProjection, await pay(storage, 'a', 9))
    expect(await projector.discard(asProjection)).toBe(1)
    await until(async () => (await projector.deadLetters(asProjection))[0]?.streamVersion === 4)
    expect((await documentsOf(storage, 'p@1'))['account-a']).toEqual([1, 4])
    await projector.discard(asProjection)
    await until(async () => (await projector.deadLetters(asProjection)).length === 0)
    await projector.waitFor(asProjection, await pay(storage, 'a', 10))
    expect((await documentsOf(storage, 'p@1'))['account-a']).toEqual([1, 4, 9, 10])
  })

  it('stops everything by policy, until it is resumed', async () => {
    const storage = await openStorage(kind)
    const { state, asProjection } = poisonous('stop')
    await using projector = createProjector(storage, [asProjection])
    const last = await run(storage, projector)
    await until(async () => (await projector.status())[0]?.state === 'stopped')
    expect((await projector.status())[0]?.stoppedBy).toMatchObject({ position: 2, message: 'poison -2' })
    await expect(projector.waitFor(asProjection, last, { timeout: 30 })).rejects.toMatchObject({ code: 'TUTTI_TIMEOUT' })
    state.healed = true
    await projector.resume(asProjection)
    await projector.waitFor(asProjection, last)
    expect(await documentsOf(storage, 'p@1')).toEqual({ 'account-a': [1, -2, 4], 'account-b': [3] })
  })

  it.each(['skip', 'park', 'stop'] as const)('of a subscription is dealt with by the policy %s as well', async (policy) => {
    const storage = await openStorage(kind)
    const { state, asSubscription } = poisonous(policy)
    await using projector = createProjector(storage, [asSubscription])
    const last = await run(storage, projector)
    if (policy === 'stop') {
      await until(async () => (await projector.status())[0]?.state === 'stopped')
      expect(state.seen).not.toContain('a4')
      state.healed = true
      await projector.resume('p')
      await projector.waitFor('p', last)
      expect(state.seen).toContain('a4')
      return
    }
    await projector.waitFor('p', last)
    expect(state.seen.filter((one) => one === 'a-2')).toHaveLength(3)
    expect(state.seen.includes('a4')).toBe(policy === 'skip')
    state.healed = true
    await projector.replay('p')
    await until(async () => (await projector.deadLetters('p')).length === 0)
    expect(state.seen.slice(-2)).toEqual(policy === 'skip' ? [expect.any(String), 'a-2'] : ['a-2', 'a4'])
  })
})

describe('a handler', () => {
  it('that takes too long is given up', async () => {
    const storage = memoryStorage()
    const hanging = projection(
      'hang',
      { from: [Account], timeout: 10, retry: { attempts: 1 } },
      {
        'account.paid': ({ data }) => (data.amount === 1 ? new Promise(() => undefined) : undefined),
      },
    )
    await using projector = createProjector(storage, [hanging])
    await projector.start()
    await pay(storage, 'a', 1)
    await projector.waitFor(hanging, await pay(storage, 'b', 2))
    expect((await projector.deadLetters(hanging))[0]?.error).toMatchObject({ code: 'TUTTI_TIMEOUT' })
  })

  it('of an older release waits for events that a newer one has written', async () => {
    const storage = memoryStorage()
    await storage.events.append('account-a', [{ type: 'account.paid', data: {}, version: 2 }])
    const definition = projection('old', { from: [Account], retry: { attempts: 1, delay: 1 } }, { 'account.paid': () => undefined })
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await until(async () => ((await projector.status())[0]?.segments.find(({ failing }) => failing)?.failing?.attempt ?? 0) > 3)
    expect(await projector.deadLetters(definition)).toEqual([])
  })
})
