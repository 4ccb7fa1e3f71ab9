import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { newTraceId, type LogRecord, type SpanRecord } from '../../../src/observe/index.ts'
import { openTelemetryStore, type TelemetryStore } from '../../../src/telemetry/index.ts'
import type { StoredLog } from '../../../src/telemetry/public.ts'
import { span, temporaryFolder, testSource } from './support.ts'

const memory = (): Promise<TelemetryStore> => openTelemetryStore({ path: ':memory:', interval: 0 }, testSource())

function line(message: string, changes: Partial<LogRecord> = {}): LogRecord {
  return { time: Date.now(), level: 'info', message, fields: {}, ...changes }
}

describe('traces', () => {
  it('are summed up from their spans, whatever the order in which those end, and told as they were', async () => {
    await using store = asDisposable(await memory())
    const traceId = newTraceId()
    const root = span({ traceId, start: 1_000, duration: 50, attributes: { 'http.route': '/orders/:id', list: ['a', 'b'] } })
    const child = span({
      ...{ traceId, parentId: root.spanId, name: 'execute order.place', kind: 'internal', start: 1_010, duration: 60, status: 'error' },
      ...{ statusMessage: 'no', events: [{ name: 'exception', time: 1_011, attributes: { 'exception.message': 'no' } }], state: 'a=1' },
    })
    store.spans?.([child])
    store.spans?.([root])
    expect(store.traces()).toEqual({
      items: [{ traceId, name: 'GET /orders/:id', start: 1_000, duration: 70, spans: 2, errors: 1 }],
      next: undefined,
    })
    expect(store.traces({ ids: [newTraceId(), traceId] }).items).toHaveLength(1)
    expect(store.traces({ ids: [newTraceId()] }).items).toEqual([])
    expect(store.trace(traceId)?.spans).toEqual([root, child])
    expect(store.trace(newTraceId())).toBeUndefined()
  })

  it('are found by text, status, length, name and time, part by part', async () => {
    await using store = asDisposable(await memory())
    const spans = Array.from({ length: 25 }, (_, i) => span({ start: 1_000 + i, duration: i, name: i % 2 === 0 ? 'even' : 'odd' }))
    const failed = span({ start: 500, name: 'bad 100%', status: 'error', attributes: { 'order.id': 'o_1' } })
    store.spans?.([...spans, failed])
    const names = (items: readonly { readonly start: number }[]): number[] => items.map(({ start }) => start)
    expect(names(store.traces({ status: 'error' }).items)).toEqual([500])
    expect(names(store.traces({ text: 'o_1' }).items)).toEqual([500])
    expect(names(store.traces({ text: '100%' }).items)).toEqual([500])
    expect(store.traces({ text: 'o%1' }).items).toEqual([])
    expect(names(store.traces({ text: failed.traceId }).items)).toEqual([500])
    expect(names(store.traces({ min: 23 }).items)).toEqual([1_024, 1_023])
    expect(names(store.traces({ name: 'odd', from: 1_020, to: 1_024 }).items)).toEqual([1_023, 1_021])
    const seen: number[] = []
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: ReturnType<TelemetryStore['traces']> = store.traces({ limit: 10, ...(after !== '' && { after }) })
      seen.push(...names(page.items))
      after = page.next
    }
    expect(seen).toEqual([...names(spans).toReversed(), 500])
  })

  it('know the traces that follow from them', async () => {
    await using store = asDisposable(await memory())
    const cause = span({ name: 'POST /orders' })
    const effect = span({ name: 'process orders', links: [{ traceId: cause.traceId, spanId: cause.spanId, flags: 1 }] })
    store.spans?.([cause, effect])
    expect(store.trace(cause.traceId)?.followedBy.map(({ traceId }) => traceId)).toEqual([effect.traceId])
    expect(store.trace(effect.traceId)?.spans[0]?.links).toEqual(effect.links)
  })
})

describe('log lines', () => {
  it('are found by level, text, component, trace and time, newest first, and stand in their trace', async () => {
    await using store = asDisposable(await memory())
    const traceId = newTraceId()
    store.log?.(line('began', { time: 1, level: 'debug', fields: { component: 'orders' } }))
    store.log?.(line('placed', { time: 2, fields: { traceId, order: { id: 'o-1' } } }))
    store.log?.(line('failed', { time: 3, level: 'error', fields: { component: 'orders', traceId } }))
    const messages = (query: Parameters<TelemetryStore['logs']>[0]): string[] => store.logs(query).items.map(({ message }) => message)
    expect(messages({})).toEqual(['failed', 'placed', 'began'])
    expect(messages({ level: 'info' })).toEqual(['failed', 'placed'])
    expect(messages({ text: 'o-1' })).toEqual(['placed'])
    expect(messages({ component: 'orders' })).toEqual(['failed', 'began'])
    expect(messages({ from: 2, to: 3 })).toEqual(['placed'])
    expect(store.trace(traceId)?.logs.map(({ message }) => message)).toEqual(['placed', 'failed'])
    const first = store.logs({ limit: 2 })
    expect(store.logs({ after: first.next ?? '' }).items.map(({ message }) => message)).toEqual(['began'])
  })

  it('and spans are told to who watches, with their ids, until that ends', async () => {
    await using store = asDisposable(await memory())
    const logs: StoredLog[] = []
    const spans: SpanRecord[] = []
    const watching = store.watch({ logs: (some) => logs.push(...some), spans: (some) => spans.push(...some) })
    store.log?.(line('one'))
    store.spans?.([span({ name: 'two' })])
    await expect.poll(() => [logs.length, spans.length], { timeout: 10_000 }).toEqual([1, 1])
    expect(logs[0]).toMatchObject({ message: 'one', id: store.logs().items[0]?.id })
    watching[Symbol.dispose]()
    store.log?.(line('three'))
    await store.flush()
    expect(logs).toHaveLength(1)
  })
})

describe('the file', () => {
  it('is there again after a restart', async () => {
    await using folder = await temporaryFolder()
    const options = { path: folder.file('deep/shop.telemetry.db'), interval: 0 }
    const before = await openTelemetryStore(options, testSource())
    before.spans?.([span({ name: 'kept' })])
    before.log?.(line('kept too'))
    await before.close()
    await before.close()
    await using store = asDisposable(await openTelemetryStore(options, testSource()))
    expect(store.traces().items.map(({ name }) => name)).toEqual(['kept'])
    expect(store.logs().items.map(({ message }) => message)).toEqual(['kept too'])
  })

  it('is begun anew where it cannot be read', async () => {
    await using folder = await temporaryFolder()
    const path = folder.file('broken.db')
    await writeFile(path, 'this is no database, but long enough to be looked at'.repeat(100))
    await using store = asDisposable(await openTelemetryStore({ path, interval: 0 }, testSource()))
    store.log?.(line('fine'))
    expect(store.logs().items).toHaveLength(1)
  })

  it('is shared by several processes', async () => {
    await using folder = await temporaryFolder()
    const path = folder.file('shared.db')
    await using one = asDisposable(await openTelemetryStore({ path, interval: 0 }, testSource()))
    await using two = asDisposable(await openTelemetryStore({ path, interval: 0 }, testSource()))
    const traceId = newTraceId()
    for (let i = 0; i < 50; i++) {
      one.spans?.([span({ traceId, start: 1_000 + i })])
      two.spans?.([span({ traceId, start: 2_000 + i, status: 'error' })])
      await (i % 2 === 0 ? one : two).flush()
    }
    await one.flush()
    await two.flush()
    expect(one.traces().items).toMatchObject([{ traceId, spans: 100, errors: 50, start: 1_000 }])
  })

  it('stays within its bounds: what is too old and the oldest of what is too much goes', async () => {
    await using folder = await temporaryFolder()
    const maxSize = 2_000_000
    const options = { path: folder.file('bounded.db'), interval: 0, maxAge: 3_600_000, maxSize }
    await using store = asDisposable(await openTelemetryStore(options, testSource()))
    const now = Date.now()
    store.spans?.([span({ name: 'old', start: now - 2 * 3_600_000 })])
    store.log?.(line('old', { time: now - 2 * 3_600_000 }))
    for (let i = 0; i < 10; i++) {
      store.spans?.(
        Array.from({ length: 500 }, (_, j) =>
          span({
            start: now - 10_000 + i * 500 + j,
            attributes: { text: 'x'.repeat(1_000) },
            links: [{ traceId: newTraceId(), spanId: '00f067aa0ba902b7', flags: 1 }],
          }),
        ),
      )
      await store.flush()
    }
    const { sizeOf } = await import('../../../src/telemetry/store/prune.ts')
    const { openDatabase } = await import('../../../src/telemetry/store/open-database.ts')
    const database = openDatabase(options.path)
    try {
      await expect.poll(() => sizeOf(database), { timeout: 60_000, interval: 200 }).toBeLessThanOrEqual(maxSize)
      // With a trace goes what it follows from.
      const linked = 'select count(*) as count, sum(trace in (select trace from traces)) as kept from links'
      const { count, kept } = database.prepare(linked).get() ?? {}
      expect(count).toBeLessThan(5_000)
      expect(kept).toBe(count)
    } finally {
      database.close()
    }
    expect(store.traces({ name: 'old' }).items).toEqual([])
    expect(store.logs({ text: 'old' }).items).toEqual([])
    const left = store.traces({ limit: 1_000 }).items
    expect(left.length).toBeGreaterThan(100)
    expect(left[0]?.start).toBe(now - 10_000 + 4_999)
  })

  it('gives up what comes faster than it can be written, and counts it', async () => {
    await using store = asDisposable(await memory())
    for (let i = 0; i < 6_000; i++) store.log?.(line('flood'))
    store.spans?.(Array.from({ length: 6_000 }, () => span()))
    expect(store.dropped).toBe(2_000)
    expect(store.logs({ limit: 1 }).items).toHaveLength(1)
  })
})

function asDisposable(store: TelemetryStore): TelemetryStore & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}
