import { context as otelContext, trace as otelTrace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import { runInContext, type Context, type TraceContext } from '../../src/kernel/index.ts'
import { createTracer, disabledSpan } from '../../src/observe/index.ts'

const parent: TraceContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1, state: 'a=1' }

/** Registers OpenTelemetry's real provider; spans arrive in the exporter. */
function listen(): InMemorySpanExporter {
  const exporter = new InMemorySpanExporter()
  otelTrace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
  otelContext.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  return exporter
}

function contextWith(trace: TraceContext): Context {
  const { signal } = new AbortController()
  return { correlationId: 'c', causationId: undefined, trace, tenant: undefined, actor: undefined, deadline: undefined, signal }
}

afterEach(() => {
  otelTrace.disable()
  otelContext.disable()
})

describe('without a listener', () => {
  it('every span is the same one that does nothing but the work', () => {
    const tracer = createTracer('test')
    const span = tracer.startSpan('x', { parent, attributes: { a: 1 } })
    expect(tracer.enabled).toBe(false)
    expect(span).toBe(disabledSpan)
    expect(span.context).toBeUndefined()
    expect(span.activate((value) => value + 1, 1)).toBe(2)
    span.setAttribute('a', 1)
    span.recordError(new Error('x'))
    span.end()
  })
})

describe('with OpenTelemetry', () => {
  it('spans arrive with kind, attributes, links, events, status and errors, also from a tracer made before', () => {
    const tracer = createTracer('tutti/test')
    expect(tracer.enabled).toBe(false)
    const exporter = listen()
    expect(tracer.enabled).toBe(true)
    const span = tracer.startSpan('GET /x', {
      kind: 'server',
      parent,
      attributes: { method: 'GET', none: undefined, list: ['a'] },
      links: [parent],
    })
    span.setAttribute('status', 500)
    span.addEvent('waited', { ms: 5 })
    span.recordError(new TypeError('broken'))
    expect(exporter.getFinishedSpans()).toEqual([])
    span.end()
    const [finished] = exporter.getFinishedSpans()
    expect(finished).toMatchObject({
      name: 'GET /x',
      kind: 1,
      attributes: { method: 'GET', list: ['a'], status: 500 },
      status: { code: 2, message: 'broken' },
      parentSpanContext: { traceId: parent.traceId, spanId: parent.spanId, isRemote: true },
      instrumentationScope: { name: 'tutti/test' },
    })
    expect(finished?.attributes).not.toHaveProperty('none')
    expect(finished?.links[0]?.context.spanId).toBe(parent.spanId)
    expect(finished?.events.map((event) => event.name)).toEqual(['waited', 'exception'])
    expect(finished?.events[1]?.attributes).toMatchObject({ 'exception.type': 'TypeError', 'exception.message': 'broken' })
    expect(span.context).toMatchObject({ traceId: parent.traceId, flags: 1, state: 'a=1' })
    expect(span.context?.spanId).toMatch(/^(?!b7ad6b7169203331)[0-9a-f]{16}$/)
  })

  it('a span belongs to the context that is going on, and without one begins a trace', () => {
    const exporter = listen()
    const tracer = createTracer('test')
    runInContext(contextWith(parent), () => tracer.startSpan('inner').end(), undefined)
    tracer.startSpan('root').end()
    const [inner, root] = exporter.getFinishedSpans()
    expect(inner?.parentSpanContext).toMatchObject({ spanId: parent.spanId, isRemote: false })
    expect(root?.parentSpanContext).toBeUndefined()
    expect(root?.spanContext().traceId).not.toBe(parent.traceId)
  })

  it('an active span is seen by others, over awaits, and is the parent of what begins in it', async () => {
    const exporter = listen()
    const tracer = createTracer('test')
    const outer = tracer.startSpan('outer', { parent })
    await outer.activate(async (name) => {
      await Promise.resolve()
      expect(otelTrace.getActiveSpan()?.spanContext().spanId).toBe(outer.context?.spanId)
      runInContext(contextWith(parent), () => tracer.startSpan(name).end(), undefined)
    }, 'inner')
    outer.end()
    expect(exporter.getFinishedSpans().map((span) => [span.name, span.parentSpanContext?.spanId])).toEqual([
      ['inner', outer.context?.spanId],
      ['outer', parent.spanId],
    ])
  })

  it('what is thrown need not be an error, and a status can be good', () => {
    const exporter = listen()
    const span = createTracer('test').startSpan('x')
    span.recordError('text')
    span.setStatus('ok')
    span.end()
    expect(exporter.getFinishedSpans()[0]?.status.code).toBe(1)
  })

  it('a provider registered later is used from then on', () => {
    const tracer = createTracer('test')
    const first = listen()
    tracer.startSpan('one').end()
    otelTrace.disable()
    tracer.startSpan('nobody').end()
    const second = listen()
    tracer.startSpan('two').end()
    expect([first, second].map((exporter) => exporter.getFinishedSpans().map((span) => span.name))).toEqual([['one'], ['two']])
  })
})
