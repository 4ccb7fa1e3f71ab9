import { describe, expect, it, onTestFinished } from 'vitest'
import * as z from 'zod'
import { aggregate } from '../../src/events/public.ts'
import { currentContext, runInContext, type Context } from '../../src/kernel/index.ts'
import { event } from '../../src/message/index.ts'
import { createInline, createProjector, projection, type Projection } from '../../src/projections/public.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { Account, documentsOf, pay, sums } from './support.ts'

describe('a projection', () => {
  it('gives handlers the context of the event', async () => {
    const storage = memoryStorage()
    const seen: (Context | undefined)[] = []
    const definition = projection('context', { from: [Account] }, { 'account.paid': () => void seen.push(currentContext()) })
    const context: Context = {
      correlationId: 'c-1',
      causationId: 'k-1',
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1 },
      tenant: 't-1',
      actor: { id: 'u-1', kind: 'user' },
      deadline: undefined,
      signal: new AbortController().signal,
    }
    await runInContext(context, () => pay(storage, 'a', 1), undefined)
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 1)
    const [{ id } = { id: '' }] = await storage.events.read('account-a').toArray()
    expect(seen[0]).toMatchObject({
      correlationId: 'c-1',
      causationId: id,
      tenant: 't-1',
      actor: { id: 'u-1', kind: 'user' },
      trace: context.trace,
    })
  })

  it('gets data in the shape of the version that its definition has', async () => {
    const storage = memoryStorage()
    await storage.events.append('thing-1', [{ type: 'thing.named', data: 'old', version: 1 }])
    const schema = z.object({ name: z.string() })
    const Thing = aggregate('thing', {
      events: { named: event(schema, { version: 2, upcast: { 1: (name: string) => ({ name }) } }) },
      commands: {},
      initial: () => ({}),
    })
      .evolve({ named: (state) => state })
      .decide({})
    const seen: string[] = []
    const definition = projection('things', { from: [Thing] }, { 'thing.named': (e) => void seen.push(`${e.version} ${e.data.name}`) })
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 1)
    expect(seen).toEqual(['2 old'])
  })

  it('puts, deletes and lists documents within a batch', async () => {
    const storage = memoryStorage()
    const seen: unknown[] = []
    const definition = projection(
      'docs',
      { from: [Account] },
      {
        'account.paid': async ({ data, stream }, { documents }) => {
          if (data.amount === 0) documents.delete(stream)
          else documents.put(stream, data.amount)
          seen.push(
            (await documents.list()).map(({ value }) => value),
            await documents.get(stream),
          )
        },
      },
    )
    for (const amount of [1, 2, 0, 3]) await pay(storage, 'a', amount)
    await using projector = createProjector(storage, [definition])
    await projector.start()
    await projector.waitFor(definition, 4)
    expect(seen).toEqual([[1], 1, [2], 2, [], undefined, [3], 3])
    expect(await documentsOf(storage, 'docs@1')).toEqual({ 'account-a': 3 })
  })

  it('is woken by each append, and waits for no time to pass', async () => {
    const storage = memoryStorage()
    const definition = sums()
    const projector = createProjector(storage, [definition], { clock: fakeClock() })
    await projector.start()
    for (let i = 0; i < 20; i++) await projector.waitFor(definition, await pay(storage, 'a', 1))
    expect(await documentsOf(storage, 'sums@1')).toEqual({ 'account-a': 20 })
    await projector.stop()
  })

  it('refuses what it cannot work with', () => {
    const make = (name: string, options: Partial<Parameters<typeof projection>[1]>, handlers = {}): Projection =>
      projection(name, { from: [Account], ...options }, handlers)
    expect(() => make('a b', {})).toThrow('wanted 1 to 80 letters')
    expect(() => make('a', { version: 0 })).toThrow('the version 0')
    expect(() => make('a', { segments: 0 })).toThrow('segments 0')
    expect(() => make('a', {}, { 'account.gone': () => 1 })).toThrow('account.gone')
    const storage = memoryStorage()
    onTestFinished(() => storage.close())
    expect(() => createProjector(storage, [make('a', {}), make('a', {})])).toThrow('two definitions called a')
    expect(() => createInline(storage, [make('a', {})])).toThrow('mode "async"')
  })
})
