import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { context, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import { createRepository, type Repository } from '../../src/events/public.ts'
import { runInContext, type Context } from '../../src/kernel/index.ts'
import { defaultRegistry } from '../../src/observe/index.ts'
import { memoryStorage } from '../../src/storage/index.ts'
import { counter } from './counter.ts'

/** The value of a counter for labels, or 0. */
function count(name: string, labels: Record<string, string>): number {
  const found = defaultRegistry.collect().find((metric) => metric.name === name)
  const series = found?.kind === 'counter' ? found.series : []
  return series.find((one) => Object.entries(labels).every(([label, value]) => one.labels[label] === value))?.value ?? 0
}

describe('metrics', () => {
  it('count commands by how they ended, conflicts, states and replayed events', async () => {
    const { Counter, add } = counter()
    const storage = memoryStorage()
    const [here, there] = [createRepository(storage), createRepository(storage)] as [Repository, Repository]
    const read = () => ({
      accepted: count('tutti.aggregate.commands', { aggregate: 'counter', command: 'add', outcome: 'accepted' }),
      duplicate: count('tutti.aggregate.commands', { outcome: 'duplicate' }),
      rejected: count('tutti.aggregate.commands', { outcome: 'rejected' }),
      failed: count('tutti.aggregate.commands', { outcome: 'failed' }),
      conflicts: count('tutti.aggregate.conflicts', { aggregate: 'counter' }),
      memory: count('tutti.aggregate.states', { from: 'memory' }),
      storage: count('tutti.aggregate.states', { from: 'storage' }),
      replayed: count('tutti.aggregate.replayed', { aggregate: 'counter' }),
    })
    const before = read()
    await here.execute(add(1, { key: 'k' }))
    await there.execute(add(1))
    await here.execute(add(1))
    await here.execute(add(1, { key: 'k' }))
    await here.execute(add(-9))
    await expect(here.execute(add(1, { expected: 99 }))).rejects.toThrow()
    const after = read()
    const grown = Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - before[name as keyof typeof before]]))
    // The second repository read one event; the first one had a conflict, and read the one that it had missed.
    expect(grown).toEqual({ accepted: 3, duplicate: 1, rejected: 1, failed: 1, conflicts: 1, memory: 4, storage: 2, replayed: 2 })
    expect(await here.load(Counter, 'c')).toEqual({ sum: 3 })
  })
})

describe('the metric of snapshots', () => {
  it('counts those that were written, could not be written, were read, and did not fit any more', async () => {
    const storage = memoryStorage()
    const outcomes = ['written', 'failed', 'read', 'discarded'] as const
    const read = () => outcomes.map((outcome) => count('tutti.aggregate.snapshots', { aggregate: 'counter', outcome }))
    const before = read()
    const state = { ...storage.state, put: () => Promise.reject(new Error('full')) }
    const failing = new Proxy(storage, { get: (target, name) => (name === 'state' ? state : Reflect.get(target, name, target)) })
    const { add } = counter({ every: 1 })
    for (const one of [storage, storage, failing]) {
      const repository = createRepository(one)
      await repository.execute(add(1))
      await repository.close()
    }
    const changed = createRepository(storage)
    await changed.load(counter({ every: 1, version: 2 }).Counter, 'c')
    await changed.close()
    expect(read().map((value, i) => value - (before[i] ?? 0))).toEqual([3, 1, 2, 1])
  })
})

describe('commands on one aggregate in one process', () => {
  it('are done in the order in which they were sent, and never conflict', async () => {
    const { add } = counter()
    const repository = createRepository(memoryStorage())
    const before = count('tutti.aggregate.conflicts', { aggregate: 'counter' })
    const results = await Promise.all(Array.from({ length: 100 }, () => repository.execute(add(1))))
    expect(results.map((result) => result.ok && result.version)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
    expect(count('tutti.aggregate.conflicts', { aggregate: 'counter' })).toBe(before)
  })

  it('go on after one that failed', async () => {
    const { add } = counter()
    const repository = createRepository(memoryStorage())
    const sent = [repository.execute(add(1, { expected: 9 })), repository.execute(add(1)), repository.execute(add(-9))]
    const results = await Promise.allSettled(sent)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
  })
})

describe('spans', () => {
  const exporter = new InMemorySpanExporter()

  afterEach(() => {
    trace.disable()
    context.disable()
  })

  it('name the command, and stand in its events as their cause', async () => {
    const { add } = counter()
    const storage = memoryStorage()
    const repository = createRepository(storage)
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const request: Context = {
      correlationId: 'c-1',
      causationId: 'request-1',
      trace: undefined,
      tenant: undefined,
      actor: undefined,
      deadline: undefined,
      signal: new AbortController().signal,
    }
    await runInContext(request, () => repository.execute(add(1)), undefined)
    await runInContext(request, () => repository.execute(add(-9)), undefined)
    await expect(repository.execute(add(1, { expected: 9 }))).rejects.toThrow()
    const all = exporter.getFinishedSpans()
    const spans = all.filter(({ name }) => name.startsWith('execute'))
    expect(spans.map(({ name }) => name)).toEqual(['execute counter.add', 'execute counter.add', 'execute counter.add'])
    expect(spans[0]?.attributes).toEqual({
      'tutti.aggregate': 'counter',
      'tutti.command': 'counter.add',
      'tutti.stream': 'counter-c',
      'tutti.version': 1,
    })
    expect(spans[1]?.attributes).toMatchObject({ 'tutti.rejection': 'NEGATIVE' })
    // A conflict is the caller's to mend.
    expect([spans[2]?.status.code, spans[2]?.attributes['error.type']]).toEqual([0, 'TUTTI_PRECONDITION_FAILED'])
    expect(all.find(({ name }) => name === 'append counter')?.parentSpanContext?.spanId).toBe(spans[0]?.spanContext().spanId)
    const [event] = await storage.events.read('counter-c').toArray()
    expect(event).toMatchObject({ correlationId: 'c-1', causationId: 'request-1', trace: { spanId: spans[0]?.spanContext().spanId } })
  })
})

describe('a cancelled command', () => {
  it('is not begun', async () => {
    const { add } = counter()
    const storage = memoryStorage()
    const repository = createRepository(storage)
    const gone: Context = {
      correlationId: 'c-1',
      causationId: undefined,
      trace: undefined,
      tenant: undefined,
      actor: undefined,
      deadline: undefined,
      signal: AbortSignal.abort(new Error('the client left')),
    }
    await expect(runInContext(gone, () => repository.execute(add(1)), undefined)).rejects.toThrow('the client left')
    expect(await storage.events.info('counter-c')).toBeUndefined()
  })
})
