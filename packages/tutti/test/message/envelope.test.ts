import { afterEach, describe, expect, it, vi } from 'vitest'
import { isId, runInContext } from '../../src/kernel/index.ts'
import { encodeEvent, RecordedEvent, type EncodedEvent } from '../../src/message/index.ts'
import { contextOf } from '../kernel/context-of.ts'

function recorded(event: EncodedEvent): RecordedEvent {
  return new RecordedEvent({ ...event, position: 7, stream: 'order-1', streamVersion: 2, time: 1000, tenant: null })
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the envelope', () => {
  it('fills in an id and version 1', () => {
    const event = encodeEvent({ type: 'order.placed', data: { total: 5 } })
    expect(event).toMatchObject({ type: 'order.placed', version: 1, data: '{"total":5}', meta: '{}' })
    expect(isId(event.id)).toBe(true)
  })

  it('carries the context in which the event happened', () => {
    const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 }
    const actor = { id: 'u-1', kind: 'user', claims: { roles: ['admin'] } }
    const context = contextOf({ correlationId: 'c-1', causationId: 'k-1', trace, actor })
    const event = recorded(runInContext(context, () => encodeEvent({ type: 'a', data: {} }), undefined))
    expect(event).toMatchObject({ correlationId: 'c-1', causationId: 'k-1', trace, actor })
  })

  it('has none outside of a context', () => {
    const event = recorded(encodeEvent({ type: 'a', data: {} }))
    expect([event.correlationId, event.causationId, event.trace, event.actor, event.tenant]).toEqual(Array(5).fill(undefined))
    expect(event.metadata).toEqual({})
  })

  it('keeps free metadata apart from the context', () => {
    const metadata = { c: 'not the correlation', h: { x: 'date' }, at: new Date(5), n: 5n }
    const event = recorded(encodeEvent({ type: 'a', data: { text: '"h":' }, metadata }))
    expect(event.metadata).toEqual(metadata)
    expect(event.correlationId).toBeUndefined()
    expect(event.data).toEqual({ text: '"h":' })
  })

  it('parses nothing before it is read, and once at most', () => {
    const encoded = encodeEvent({ type: 'a', data: { at: new Date(5) }, metadata: { b: 1 } })
    const parse = vi.spyOn(JSON, 'parse')
    const event = recorded(encoded)
    expect([event.id, event.position, event.streamVersion, event.time.getTime()]).toEqual([encoded.id, 7, 2, 1000])
    expect(parse).not.toHaveBeenCalled()
    const { data } = event
    const calls = parse.mock.calls.length
    expect(calls).toBe(2)
    expect(event.data).toBe(data)
    expect(event.correlationId).toBeUndefined()
    expect(parse).toHaveBeenCalledTimes(calls)
  })

  it('is shown whole as JSON', () => {
    const event = recorded(encodeEvent({ type: 'a', data: { b: 1 }, metadata: { c: 2 } }))
    expect(JSON.parse(JSON.stringify(event))).toMatchObject({
      type: 'a',
      stream: 'order-1',
      position: 7,
      data: { b: 1 },
      metadata: { c: 2 },
    })
  })
})
