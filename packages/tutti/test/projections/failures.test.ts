import { describe, expect, it } from 'vitest'
import { createMeter, MetricRegistry } from '../../src/observe/index.ts'
import { createProjector, projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { Account, pay, until } from './support.ts'

describe('the metric of dead letters', () => {
  it('shows how many events each projection has set aside', async () => {
    const registry = new MetricRegistry()
    const storage = memoryStorage()
    const refuse = (): never => {
      throw new Error('no')
    }
    const definitions = ['fails', 'works'].map((name) =>
      projection(name, { from: [Account], retry: { attempts: 1 } }, { 'account.paid': name === 'fails' ? refuse : () => undefined }),
    )
    const projector = createProjector(storage, definitions, { meter: createMeter('p', { registry }) })
    await projector.start()
    await pay(storage, 'a', 1)
    const last = await pay(storage, 'b', 2)
    for (const definition of definitions) await projector.waitFor(definition, last)
    const series = (): unknown => registry.collect().find(({ name }) => name === 'tutti.projection.dead_letters')?.series
    await expect.poll(series, { timeout: 10_000 }).toEqual([
      { labels: { projection: 'fails' }, value: 2 },
      { labels: { projection: 'works' }, value: 0 },
    ])
    await projector.stop()
    expect(series()).toEqual([])
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
