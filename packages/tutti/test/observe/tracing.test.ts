import { context as otelContext, trace as otelTrace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { currentContext, deriveContext, runInContext, type TraceContext } from '../../src/kernel/index.ts'
import { disabledSpan, inSpan, Tracing, type Span, type SpanRecord, type Tracer } from '../../src/observe/index.ts'

const caller: TraceContext = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1, state: 'a=1' }
const unsampledCaller: TraceContext = { ...caller, flags: 0 }

interface Recorder {
  readonly tracing: Tracing
  readonly tracer: Tracer
  /** What was handed on so far. */
  spans(): SpanRecord[]
  names(): string[]
}

function record({ sample = 1, slow = 60_000 } = {}): Recorder {
  const spans: SpanRecord[] = []
  const tracing = new Tracing({ sample, slow, receive: (more) => void spans.push(...more) })
  tracing.listen()
  const flushed = (): SpanRecord[] => {
    tracing.flush()
    return spans
  }
  return { tracing, tracer: tracing.tracer('test'), spans: flushed, names: () => flushed().map(({ name }) => name) }
}

/** Does something as part of a span, whatever part of the code does it. */
function within<T>(span: Span, work: () => T): T {
  return runInContext(deriveContext(undefined, span.context && { trace: span.context }), work, undefined)
}

afterEach(() => {
  otelTrace.disable()
  otelContext.disable()
})

describe('who listens', () => {
  it('nobody: spans are those that do nothing, until somebody does, and after the end again', () => {
    const receive = vi.fn<(spans: readonly SpanRecord[]) => void>()
    const tracing = new Tracing({ sample: 1, slow: 1, receive })
    const tracer = tracing.tracer('test')
    expect([tracer.enabled, tracer.startSpan('x')]).toEqual([false, disabledSpan])
    tracing.listen()
    expect(tracer.enabled).toBe(true)
    tracer.startSpan('x').end()
    tracing.close()
    expect(receive).toHaveBeenCalledTimes(1)
    expect([tracer.enabled, tracer.startSpan('x')]).toEqual([false, disabledSpan])
  })

  it('spans are handed on by themselves after a while, outside of the work that they are about', async () => {
    const received = Promise.withResolvers<unknown>()
    const tracing = new Tracing({ sample: 1, slow: 1, receive: () => received.resolve(currentContext()) })
    tracing.listen()
    runInContext(deriveContext(undefined), () => tracing.tracer('test').startSpan('x').end(), undefined)
    expect(await received.promise).toBeUndefined()
  })
})

describe('a span', () => {
  it('is recorded with everything that was said about it', () => {
    const { tracer, spans } = record()
    const span = tracer.startSpan('first', { kind: 'server', attributes: { a: 1 }, parent: caller, links: [unsampledCaller] })
    span.setAttribute('b', ['x'])
    span.addEvent('waited', { ms: 5 })
    span.updateName('second')
    span.recordError(new TypeError('broken'))
    span.end()
    span.end()
    expect(spans()).toEqual([
      {
        traceId: caller.traceId,
        spanId: span.context?.spanId,
        parentId: caller.spanId,
        state: 'a=1',
        flags: 1,
        name: 'second',
        kind: 'server',
        scope: 'test',
        start: expect.closeTo(Date.now(), -5),
        duration: expect.any(Number),
        status: 'error',
        statusMessage: 'broken',
        attributes: { a: 1, b: ['x'] },
        events: [
          { name: 'waited', time: expect.any(Number), attributes: { ms: 5 } },
          {
            name: 'exception',
            time: expect.any(Number),
            attributes: expect.objectContaining({ 'exception.type': 'TypeError', 'exception.message': 'broken' }),
          },
        ],
        links: [unsampledCaller],
      },
    ])
  })

  it('holds 128 attributes and events, each of which may change', () => {
    const { tracer, spans } = record()
    const span = tracer.startSpan('x')
    for (let i = 0; i < 300; i++) {
      span.setAttribute(`a${i}`, i)
      span.setAttribute('a0', i)
      span.addEvent(`e${i}`)
    }
    span.end()
    const [only] = spans()
    expect([Object.keys(only?.attributes ?? {}).length, only?.attributes['a0'], only?.events.length]).toEqual([128, 299, 128])
  })

  it('is described at its end, and only where it is kept', () => {
    const { tracer, spans } = record({ sample: 0 })
    const describe = vi.fn(() => ({ name: 'known now', attributes: { late: true } }))
    tracer.startSpan('well', { describe }).end()
    expect(describe).not.toHaveBeenCalled()
    const failing = tracer.startSpan('failing', { describe })
    failing.setStatus('error')
    failing.end()
    expect(spans()).toMatchObject([{ name: 'known now', attributes: { late: true } }])
  })
})

describe('sampling', () => {
  it('keeps the share of new traces that it is told to', () => {
    const [none, some, all] = [0, 0.5, 1].map((sample) => {
      const { tracer, names } = record({ sample })
      for (let i = 0; i < 400; i++) tracer.startSpan('x').end()
      return names().length
    })
    expect([none, all]).toEqual([0, 400])
    expect(some).toBeGreaterThan(100)
    expect(some).toBeLessThan(300)
  })

  it('follows the caller, whatever the share', () => {
    const never = record({ sample: 0 })
    never.tracer.startSpan('wanted', { parent: caller }).end()
    const always = record({ sample: 1 })
    always.tracer.startSpan('unwanted', { parent: unsampledCaller }).end()
    expect([never.names(), always.names()]).toEqual([['wanted'], []])
  })

  it('what goes out says whether the trace is kept', () => {
    const flags = [0, 1].map((sample) => record({ sample }).tracer.startSpan('x').context?.flags)
    // Bit 1 says that the id is random.
    expect(flags).toEqual([0b10, 0b11])
    expect(record().tracer.startSpan('x', { parent: unsampledCaller }).context).toMatchObject({
      flags: 0,
      traceId: caller.traceId,
      state: 'a=1',
    })
  })

  it('keeps a trace in which something failed, with what had ended before', () => {
    const { tracer, names } = record({ sample: 0 })
    const first = tracer.startSpan('first')
    within(first, () => {
      tracer.startSpan('well').end()
      const bad = tracer.startSpan('bad')
      bad.recordError(new Error('x'))
      bad.end()
      tracer.startSpan('after').end()
    })
    first.end()
    expect(names()).toEqual(['well', 'bad', 'after', 'first'])
  })

  it('keeps a slow trace, and one whose first span failed', () => {
    const { tracer, names } = record({ sample: 0, slow: 0 })
    const first = tracer.startSpan('slow')
    within(first, () => tracer.startSpan('inner').end())
    first.end()
    expect(names()).toEqual(['inner', 'slow'])
  })

  it('decides once everything has ended: what outlives the first span may still fail', () => {
    const { tracer, names } = record({ sample: 0 })
    const first = tracer.startSpan('first')
    const late = within(first, () => tracer.startSpan('late'))
    first.end()
    expect(names()).toEqual([])
    late.recordError(new Error('x'))
    late.end()
    expect(names()).toEqual(['first', 'late'])
  })

  it('what begins after a trace was thrown away has a chance of its own, under the same id', () => {
    const { tracer, spans } = record({ sample: 0 })
    const first = tracer.startSpan('first')
    const { context } = first
    first.end()
    within(first, () => {
      const later = tracer.startSpan('later')
      later.setStatus('error')
      later.end()
    })
    expect(spans()).toMatchObject([{ name: 'later', traceId: context?.traceId, parentId: context?.spanId }])
  })

  it('a span whose place nobody has asked for before its end has one all the same, and is kept no more than it would have been', () => {
    const { tracer, names } = record({ sample: 0 })
    const dropped = tracer.startSpan('dropped', { parent: unsampledCaller })
    dropped.end()
    expect(dropped.context).toMatchObject({
      traceId: caller.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      flags: 0,
      state: 'a=1',
    })
    dropped.recordError(new Error('too late'))
    dropped.end()
    within(dropped, () => tracer.startSpan('below')).end()
    expect(names()).toEqual([])
    const kept = tracer.startSpan('kept', { parent: caller })
    kept.end()
    expect(kept.context?.traceId).toBe(caller.traceId)
    expect(names()).toEqual(['kept'])
  })

  it('a root begins a trace of its own, and of what is silent nothing is kept', () => {
    const { tracer, spans } = record()
    const silent = tracer.startSpan('silent', { silent: true })
    within(silent, () => {
      expect(tracer.startSpan('below')).toBe(disabledSpan)
      tracer.startSpan('root', { root: true }).end()
    })
    silent.setStatus('error')
    silent.end()
    expect(spans()).toMatchObject([{ name: 'root', parentId: undefined }])
    expect(spans()[0]?.traceId).not.toBe(silent.context?.traceId)
  })
})

describe('with OpenTelemetry', () => {
  it('spans of the global provider have the same ids and tell the same, and its sampler decides', () => {
    const exporter = new InMemorySpanExporter()
    otelTrace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }))
    otelContext.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    const { tracer, spans } = record({ sample: 0 })
    inSpan(tracer, { name: 'outer', describe: () => ({ name: 'outer, described', attributes: { late: 1 } }) }, (outer) => {
      outer.setAttribute('a', 1)
      inSpan(tracer, { name: 'inner', kind: 'client' }, () => undefined)
    })
    tracer.startSpan('silent', { silent: true }).end()
    const ids = (span: { spanId: string; traceId: string }): string[] => [span.traceId, span.spanId]
    const forwarded = exporter.getFinishedSpans()
    expect(forwarded.map(({ name }) => name)).toEqual(['inner', 'outer, described'])
    expect(forwarded.map((span) => ids(span.spanContext()))).toEqual(spans().map(ids))
    expect(forwarded[0]?.parentSpanContext?.spanId).toBe(spans()[1]?.spanId)
    expect(forwarded[1]?.attributes).toEqual({ a: 1, late: 1 })
  })
})

describe('work in a span', () => {
  it('is given its result, and its failure noted', async () => {
    const { tracer, spans } = record()
    expect(inSpan(tracer, { name: 'plain' }, () => 1)).toBe(1)
    expect(await inSpan(tracer, { name: 'later' }, async () => 2)).toBe(2)
    expect(() =>
      inSpan(tracer, { name: 'thrown' }, () => {
        throw new Error('x')
      }),
    ).toThrow('x')
    await expect(inSpan(tracer, { name: 'rejected' }, () => Promise.reject(new Error('y')))).rejects.toThrow('y')
    expect(spans().map(({ name, status }) => [name, status])).toEqual([
      ['plain', 'unset'],
      ['later', 'unset'],
      ['thrown', 'error'],
      ['rejected', 'error'],
    ])
  })

  it('keeps the context that it is in, but for its place in the trace', () => {
    const { tracer } = record()
    const outer = deriveContext(undefined, { tenant: 't', trace: caller })
    runInContext(
      outer,
      () =>
        inSpan(tracer, { name: 'x' }, (span) => {
          expect(currentContext()).toMatchObject({ correlationId: outer.correlationId, tenant: 't' })
          expect(currentContext()?.trace).toBe(span.context)
          expect(span.context?.traceId).toBe(caller.traceId)
        }),
      undefined,
    )
  })
})

/** What happens in a trace: a span begins under one that began before, or one ends, well or not. */
const happenings = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ what: fc.constant('begin' as const), at: fc.nat() }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constantFrom('end' as const, 'fail' as const), at: fc.nat() }) },
  ),
  { maxLength: 400, size: 'max' },
)

it('every trace that is kept is a tree without gaps, whatever ends when', () => {
  fc.assert(
    fc.property(happenings, fc.constantFrom(0, 1), (steps, sample) => {
      const { tracer, spans } = record({ sample })
      const first = tracer.startSpan('first')
      const begun: Span[] = [first]
      const open = new Set(begun)
      for (const { what, at } of steps) {
        const going = [...open]
        const span = going[at % going.length]
        if (span === undefined) break
        if (what === 'begin') {
          const next = within(span, () => tracer.startSpan(`span ${begun.length}`))
          begun.push(next)
          open.add(next)
          continue
        }
        if (what === 'fail') span.setStatus('error')
        open.delete(span)
        span.end()
      }
      for (const span of open) span.end()
      const kept = spans()
      const ids = new Set(kept.map(({ spanId }) => spanId))
      expect(new Set(kept.map(({ traceId }) => traceId)).size).toBeLessThanOrEqual(1)
      expect(ids.size).toBe(kept.length)
      expect(kept.filter(({ parentId }) => parentId !== undefined && !ids.has(parentId))).toEqual([])
      if (sample === 1) expect(kept.length).toBe(begun.length)
      else if (kept.length > 0) expect(kept.length).toBe(Math.min(begun.length, 200))
    }),
  )
})
