import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { currentContext, deriveContext, runInContext, type Context, type TraceContext } from '../../src/kernel/index.ts'
import { memoryBroker, topic, type ReceivedMessage } from '../../src/messaging/public.ts'
import { createMeter, disabledSpan, MetricRegistry, type SpanOptions, type Tracer } from '../../src/observe/index.ts'
import { fakeClock } from '../../src/testing/index.ts'
import { bench, orders } from './support.ts'

const wait = { timeout: 30_000, interval: 2 }

describe('messages', () => {
  it('reach each group once', async () => {
    const { messenger } = bench()
    const seen: string[] = []
    messenger.consume(orders, { group: 'billing' }, ({ data }) => seen.push(`billing ${data.id}`))
    messenger.consume(orders, { group: 'shipping' }, ({ data }) => seen.push(`shipping ${data.id}`))
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await messenger.publish(orders, { id: 'b', total: 2 })
    await expect.poll(() => seen.toSorted(), wait).toEqual(['billing a', 'billing b', 'shipping a', 'shipping b'])
  })

  it('that were published before there was any group are kept for the first', async () => {
    const { messenger } = bench()
    const seen: string[] = []
    await messenger.publish(orders, { id: 'early', total: 1 })
    messenger.consume(orders, { group: 'billing' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await expect.poll(() => seen, wait).toEqual(['early'])
  })

  it('of one key are handled one after the other and in order, others side by side', async () => {
    const { messenger } = bench()
    const seen = new Map<string, number[]>()
    let running = 0
    let most = 0
    const busy = new Set<string>()
    messenger.consume(orders, { group: 'g', concurrency: 4 }, async ({ data, message: { key = '' } }) => {
      expect(busy.has(key)).toBe(false)
      busy.add(key)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      seen.set(key, [...(seen.get(key) ?? []), data.total])
      running--
      busy.delete(key)
    })
    await messenger.start()
    const totals = Array.from({ length: 40 }, (_, i) => i)
    for (const total of totals)
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) await messenger.publish(orders, { id: key, total }, { key })
    await expect.poll(() => [...seen.values()].map(({ length }) => length), wait).toEqual(Array.from({ length: 6 }, () => 40))
    for (const values of seen.values()) expect(values).toEqual(totals)
    expect(most).toBe(4)
  })

  it('carry dates, bigints and bytes, and arrive as their schema gives them', async () => {
    const { messenger } = bench()
    const facts = topic(
      'facts',
      z.object({ at: z.date(), big: z.bigint(), raw: z.instanceof(Uint8Array), note: z.string().default('none') }),
    )
    const seen: unknown[] = []
    messenger.consume(facts, { group: 'g' }, ({ data }) => seen.push(data))
    await messenger.start()
    const sent = { at: new Date('2026-05-01T10:00:00Z'), big: 2n ** 70n, raw: new Uint8Array([0, 1, 255]) }
    await messenger.publish(facts, sent)
    await expect.poll(() => seen, wait).toEqual([{ ...sent, note: 'none' }])
  })

  it('lose what their schema does not know before they are sent', async () => {
    const { messenger, broker } = bench()
    const order = { id: 'a', total: 1, password: 'geheim' }
    await messenger.publish(orders, order)
    const subscription = await broker.subscribe('orders', { group: 'spy', lease: 1000, onLost: () => undefined })
    const [delivery] = await subscription.receive(1, new AbortController().signal)
    expect(delivery?.body).toBe('{"id":"a","total":1}')
  })

  it('that do not fit their topic are not published', async () => {
    const { messenger, broker } = bench()
    const wrong = { id: 'a', total: 'much' } as unknown as { id: string; total: number }
    await expect(messenger.publish(orders, wrong)).rejects.toMatchObject({ code: 'TUTTI_MESSAGE_INVALID', problems: [{ path: 'total' }] })
    await expect(messenger.publish(orders, { id: 'a', total: 1 }, { headers: { 'ce-id': 'x' } })).rejects.toMatchObject({
      code: 'TUTTI_OPTION_INVALID',
    })
    await expect(messenger.publish(orders, { id: 'a', total: 1 }, { key: '' })).rejects.toMatchObject({ code: 'TUTTI_OPTION_INVALID' })
    const subscription = await broker.subscribe('orders', { group: 'spy', lease: 1000, onLost: () => undefined })
    const none = new AbortController()
    setImmediate(() => none.abort())
    expect(await subscription.receive(1, none.signal)).toEqual([])
  })

  it('give their context to what they lead to', async () => {
    const { messenger } = bench({ source: 'shop' })
    const replies = topic('replies', z.object({ to: z.string() }))
    const first = Promise.withResolvers<ReceivedMessage>()
    const second = Promise.withResolvers<ReceivedMessage>()
    const seen: (Context | undefined)[] = []
    messenger.consume(orders, { group: 'g' }, async ({ data, message, tenant }) => {
      first.resolve(message)
      expect(tenant).toBe('acme')
      await messenger.publish(replies, { to: data.id }, { headers: { 'x-region': 'eu' }, subject: 'reply' })
    })
    messenger.consume(replies, { group: 'g' }, ({ message }) => {
      seen.push(currentContext())
      second.resolve(message)
    })
    await messenger.start()
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), flags: 1, state: 'vendor=x' }
    const cause = deriveContext(undefined, { tenant: 'acme', trace, actor: { id: 'u1', kind: 'user', claims: { admin: true } } })
    const id = await runInContext(cause, () => messenger.publish(orders, { id: 'a', total: 1 }), undefined)
    const [order, reply] = [await first.promise, await second.promise]
    expect(order).toMatchObject({
      id,
      source: 'shop',
      type: 'orders',
      correlationId: cause.correlationId,
      causationId: undefined,
      deliveries: 1,
    })
    expect(reply).toMatchObject({ correlationId: cause.correlationId, causationId: order.id, tenant: 'acme', trace, subject: 'reply' })
    expect(reply).toMatchObject({ headers: { 'x-region': 'eu' }, actor: { id: 'u1', kind: 'user' } })
    expect(seen[0]).toMatchObject({ correlationId: cause.correlationId, causationId: reply.id, tenant: 'acme', trace })
  })

  it('can be delayed', async () => {
    const clock = fakeClock()
    const { messenger } = bench({ clock, broker: memoryBroker({ clock }) })
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    await messenger.publish(orders, { id: 'later', total: 1 }, { delay: '1h', key: 'k' })
    await messenger.publish(orders, { id: 'now', total: 1 }, { key: 'k' })
    await clock.advance('59m')
    expect(seen).toEqual(['now'])
    await clock.advance('1m')
    expect(seen).toEqual(['now', 'later'])
  })

  it('are published several at a time, in their order', async () => {
    const { messenger } = bench()
    const seen: string[] = []
    messenger.consume(orders, { group: 'g' }, ({ data }) => seen.push(data.id))
    await messenger.start()
    const ids = await messenger.publishAll(
      orders,
      ['a', 'b', 'c'].map((id) => ({ data: { id, total: 1 }, key: 'k' })),
    )
    expect(new Set(ids).size).toBe(3)
    await expect.poll(() => seen, wait).toEqual(['a', 'b', 'c'])
    expect(await messenger.publishAll(orders, [])).toEqual([])
  })
})

describe('what happens to messages', () => {
  it('is counted and timed', async () => {
    const registry = new MetricRegistry()
    const { messenger } = bench({ meter: createMeter('tutti.messaging', { registry }) })
    messenger.consume(orders, { group: 'g', retry: { attempts: 2, delay: 1 } }, ({ data }) => {
      if (data.id === 'bad') throw new Error('no')
    })
    await messenger.start()
    for (const id of ['a', 'bad', 'b']) await messenger.publish(orders, { id, total: 1 })
    const values = (): Record<string, number> =>
      Object.fromEntries(
        registry.collect().flatMap((metric) => (metric.kind === 'counter' ? [[metric.name, metric.series[0]?.value ?? 0] as const] : [])),
      )
    await expect
      .poll(values, wait)
      .toEqual({ 'tutti.messages.published': 3, 'tutti.messages.handled': 2, 'tutti.messages.failed': 2, 'tutti.messages.dead': 1 })
  })

  it('is a trace over both ends', async () => {
    const spans: { readonly name: string; readonly options: SpanOptions | undefined; readonly context: TraceContext }[] = []
    const tracer: Tracer = {
      enabled: true,
      startSpan(name, options) {
        const context = { traceId: 'a'.repeat(32), spanId: String(spans.length + 1).repeat(16), flags: 1 }
        spans.push({ name, options, context })
        return { ...disabledSpan, context }
      },
    }
    const { messenger } = bench({ tracer })
    const traces: unknown[] = []
    messenger.consume(orders, { group: 'g' }, ({ trace }) => traces.push(trace))
    await messenger.start()
    await messenger.publish(orders, { id: 'a', total: 1 })
    await expect.poll(() => traces.length, wait).toBe(1)
    expect(spans).toMatchObject([
      { name: 'publish orders', options: { kind: 'producer', attributes: { 'messaging.destination.name': 'orders' } } },
      { name: 'process orders', options: { kind: 'consumer', parent: spans[0]?.context } },
    ])
    expect(traces).toEqual([spans[1]?.context])
  })
})
