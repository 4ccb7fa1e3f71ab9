import { describe, expect, it } from 'vitest'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { createProjector, memoryProjection, projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { Account, documentsOf, pay, sums, until } from './support.ts'

describe('waitFor', () => {
  it('gives up after its timeout or when its signal fires', async () => {
    const clock = fakeClock()
    const storage = memoryStorage({ clock })
    const definition = sums()
    await using projector = createProjector(storage, [definition], { clock })
    await projector.start()
    const late = expect(projector.waitFor(definition, 99, { timeout: '3s' })).rejects.toMatchObject({
      code: 'TUTTI_TIMEOUT',
      status: 504,
      message: 'The projection sums has not come to position 99 within 3000 ms.',
    })
    await clock.advance('4s')
    await late
    const reason = new Error('left')
    await expect(projector.waitFor(definition, 99, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    await expect(projector.waitFor('nobody', 1)).rejects.toMatchObject({ code: 'TUTTI_PROJECTION_UNKNOWN' })
  })
})

describe('pause', () => {
  it('is obeyed by all processes and by later ones, until resume', async () => {
    const clock = fakeClock()
    const storage = memoryStorage({ clock })
    const projectors = ['a', 'b'].map((owner) => createProjector(storage, [sums()], { clock, owner }))
    const [a, b] = projectors as [(typeof projectors)[0], (typeof projectors)[0]]
    await a.start()
    await b.start()
    await clock.advance('10s')
    await a.pause('sums')
    await clock.advance('1s')
    for (let i = 0; i < 16; i++) await pay(storage, String(i), 1)
    await clock.advance('10s')
    expect(await documentsOf(storage, 'sums@1')).toEqual({})
    expect((await b.status())[0]).toMatchObject({ state: 'paused', lag: { events: 16, milliseconds: 10_000 } })
    const late = createProjector(storage, [sums()], { clock, owner: 'c' })
    await late.start()
    await clock.advance('10s')
    expect(await documentsOf(storage, 'sums@1')).toEqual({})
    await b.resume('sums')
    await clock.advance('2s')
    expect(Object.keys(await documentsOf(storage, 'sums@1'))).toHaveLength(16)
    for (const projector of [a, b, late]) await projector.stop()
    expect((await a.status())[0]).toMatchObject({ state: 'waiting', lag: { events: 0, milliseconds: 0 } })
  })
})

describe('a reset', () => {
  it('of a paused projection waits until it is resumed', async () => {
    const storage = memoryStorage()
    const definition = sums()
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    await projector.pause(definition)
    await projector.reset(definition)
    expect((await projector.status())[0]).toMatchObject({ state: 'paused', next: { version: 1, position: 0 } })
    await projector.resume(definition)
    await until(async () => (await projector.status())[0]?.next === undefined)
    expect(await projector.view(definition).get('account-a')).toBe(1)
  })
})

describe('metrics', () => {
  it('show the lag and what was handled', async () => {
    const registry = new MetricRegistry()
    const storage = memoryStorage()
    const definition = sums()
    await using projector = createProjector(storage, [definition], { meter: createMeter('p', { registry }) })
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    const shown = JSON.stringify(registry.collect())
    expect(shown).toContain('tutti.projection.lag')
    expect(shown).toMatch(/tutti\.projection\.events.*"value":2/)
  })
})

describe('a projection in memory', () => {
  const counts = () =>
    memoryProjection(
      'counts',
      { from: [Account], initial: () => ({ paid: 0, opened: [] as string[] }) },
      {
        'account.paid': ({ data }, { state }) => ({ ...state, paid: state.paid + data.amount }),
        'account.opened': ({ data }, { state }) => void state.opened.push(data.customer),
      },
    )

  it('is built from the log by every process for itself', async () => {
    const storage = memoryStorage()
    await pay(storage, 'a', 1)
    await storage.events.append('account-b', [Account.events.opened({ customer: 'Bea' })])
    const definition = counts()
    for (const owner of ['a', 'b']) {
      await using projector = createProjector(storage, [definition], { owner })
      await projector.start()
      const position = await pay(storage, 'a', 2)
      await projector.waitFor(definition, position)
      expect(projector.view(definition).get()).toEqual({ paid: owner === 'a' ? 3 : 5, opened: ['Bea'] })
      await projector.reset(definition)
      await projector.waitFor(definition, position)
      expect(projector.view(definition).get().paid).toBe(owner === 'a' ? 3 : 5)
    }
    expect(await storage.state.list('checkpoints/')).toEqual([])
  })

  it('does not show a state that a failed handler has left behind', async () => {
    const storage = memoryStorage()
    const definition = memoryProjection(
      'bad',
      { from: [Account], initial: () => 0 },
      {
        'account.paid': (_, { state }) => {
          if (state === 1) throw new Error('no more')
          return state + 1
        },
      },
    )
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, await pay(storage, 'a', 1))
    expect(projector.view(definition).get()).toBe(1)
    await expect(projector.waitFor(definition, await pay(storage, 'a', 1))).rejects.toMatchObject({ code: 'TUTTI_PROJECTION_STOPPED' })
    expect(() => projector.view(definition).get()).toThrow('no more')
    expect(() => projector.view(memoryProjection('bad', { from: [Account], initial: () => 0 }, {}))).toThrow('There is no projection')
  })
})

describe('many projections', () => {
  it('share one read of the end of the log', async () => {
    const storage = memoryStorage()
    let reads = 0
    const { page } = storage.events
    Object.assign(storage.events, {
      page: (options: Parameters<typeof page>[0]) => {
        reads++
        return page(options)
      },
    })
    const definitions = Array.from({ length: 20 }, (_, i) => projection(`p${i}`, { from: [Account] }, { 'account.paid': () => undefined }))
    await using projector = createProjector(storage, definitions)
    await projector.start()
    await Promise.all(definitions.map((definition) => projector.waitFor(definition, 0)))
    reads = 0
    const position = await pay(storage, 'a', 1)
    await Promise.all(definitions.map((definition) => projector.waitFor(definition, position)))
    expect(reads).toBeGreaterThan(0)
    expect(reads).toBeLessThan(10)
  })
})
