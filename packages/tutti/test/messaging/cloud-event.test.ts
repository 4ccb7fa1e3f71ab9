import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { isJson, readEvent, writeEvent, type CloudEvent } from '../../src/messaging/cloud-event.ts'
import { topic } from '../../src/messaging/public.ts'
import { bench } from './support.ts'

const event: CloudEvent = {
  id: '1',
  source: 'shop',
  type: 'orders',
  time: '2026-05-01T10:00:00.000Z',
  subject: 'order-1',
  data: '{"total":1}',
  extensions: { correlationid: 'c', tenant: 'ä', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` },
}

describe('a CloudEvent', () => {
  it('in binary mode is headers beside the data', () => {
    const written = writeEvent(event, { mode: 'binary', headers: { 'x-region': 'eu' } })
    expect(written).toEqual({
      headers: {
        'content-type': 'application/json',
        'ce-specversion': '1.0',
        'ce-id': '1',
        'ce-source': 'shop',
        'ce-type': 'orders',
        'ce-time': '2026-05-01T10:00:00.000Z',
        'ce-subject': 'order-1',
        'ce-correlationid': 'c',
        'ce-tenant': 'ä',
        'ce-traceparent': event.extensions['traceparent'],
        'x-region': 'eu',
      },
      body: '{"total":1}',
    })
    expect(readEvent(written.headers, written.body)).toEqual({ ...event, datacontenttype: 'application/json' })
  })

  it('in structured mode is one JSON text', () => {
    const written = writeEvent(event, { mode: 'structured', headers: {} })
    expect(written.headers).toEqual({ 'content-type': 'application/cloudevents+json' })
    const { data, extensions, ...named } = event
    expect(JSON.parse(String(written.body))).toEqual({
      specversion: '1.0',
      ...named,
      datacontenttype: 'application/json',
      ...extensions,
      data: JSON.parse(String(data)),
    })
    expect(readEvent(written.headers, written.body)).toEqual({ ...event, datacontenttype: 'application/json' })
  })

  it.for(['binary', 'structured'] as const)('comes back the same in %s mode, whatever it holds', (mode) => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 })
    const extensions = fc.dictionary(fc.stringMatching(/^x[a-z0-9]{1,15}$/), fc.string({ unit: 'grapheme' }))
    const data = fc.oneof(
      fc.json().map((body) => ({ data: JSON.stringify(JSON.parse(body)), datacontenttype: 'application/vnd.shop+json; charset=utf-8' })),
      fc.string({ unit: 'grapheme' }).map((body) => ({ data: body, datacontenttype: 'text/plain' })),
      fc.uint8Array().map((body) => ({ data: body, datacontenttype: 'application/octet-stream' })),
    )
    fc.assert(
      fc.property(fc.record({ id: text, source: text, extensions }), data, (named, written) => {
        const given: CloudEvent = { type: 't', ...named, ...written }
        const { headers, body: bytes } = writeEvent(given, { mode, headers: {} })
        const asBytes = typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes
        const read = readEvent(headers, asBytes)
        const shape = ({ data: value, ...rest }: CloudEvent) => ({
          ...rest,
          data: typeof value === 'string' ? new TextEncoder().encode(value) : value,
        })
        expect(shape(read)).toEqual(shape(given))
      }),
    )
  })

  it('of other bindings is read as well', () => {
    for (const prefix of ['ce_', 'cloudevents:', 'cloudEvents_'.toLowerCase()])
      expect(readEvent(writeEvent(event, { mode: 'binary', prefix, headers: {} }).headers, event.data)).toMatchObject({
        id: '1',
        source: 'shop',
      })
  })

  it('that is none is refused, with what is wrong', () => {
    const good = writeEvent(event, { mode: 'binary', headers: {} }).headers
    const without = (name: string) => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name))
    expect(() => readEvent(without('ce-specversion'), '{}')).toThrow('specversion')
    expect(() => readEvent({ ...good, 'ce-specversion': '0.3' }, '{}')).toThrow('version 0.3')
    expect(() => readEvent(without('ce-id'), '{}')).toThrow('lacks its id')
    expect(() => readEvent(without('ce-source'), '{}')).toThrow('lacks its source')
    expect(() => readEvent(without('ce-type'), '{}')).toThrow('lacks its type')
    expect(() => readEvent({ 'content-type': 'application/cloudevents-batch+json' }, '[]')).toThrow('cloudevents-batch')
    expect(() => readEvent({ 'content-type': 'application/cloudevents+json' }, 'x')).toThrow('not JSON')
  })

  it('knows JSON by its content type', () => {
    for (const type of [undefined, 'application/json', 'application/json; charset=utf-8', 'application/problem+json', 'text/json'])
      expect(isJson(type), type).toBe(true)
    for (const type of ['text/plain', 'application/octet-stream', 'application/jsonlines', 'application/xml'])
      expect(isJson(type), type).toBe(false)
  })
})

describe('a message of another service', () => {
  const wait = { timeout: 10_000, interval: 2 }
  const headers = { 'ce-specversion': '1.0', 'ce-id': '7', 'ce-source': '/elsewhere', 'ce-type': 'com.example.note' }

  it.for([
    [
      'JSON without hints',
      z.object({ at: z.coerce.date() }),
      { 'content-type': 'application/json' },
      '{"at":"2026-05-01T00:00:00Z"}',
      { at: new Date('2026-05-01') },
    ],
    ['text', z.string(), { 'content-type': 'text/plain' }, 'hello', 'hello'],
    ['bytes', z.instanceof(Uint8Array), { 'content-type': 'image/png' }, new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  ] as const)('may be %s', async ([, schema, type, body, wanted]) => {
    const { messenger, broker } = bench()
    const notes = topic('notes', schema as z.ZodType<unknown, unknown>)
    const seen: unknown[] = []
    messenger.consume(notes, { group: 'g' }, ({ data, message }) =>
      seen.push([data, message.source, message.correlationId, message.trace?.traceId]),
    )
    await messenger.start()
    const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`
    await broker.publish('notes', [{ id: '7', key: undefined, headers: { ...headers, ...type, traceparent }, body, delay: 0 }])
    await expect.poll(() => seen, wait).toEqual([[wanted, '/elsewhere', '7', 'c'.repeat(32)]])
  })

  it('and ours are structured where the topic says so, and bytes stay bytes', async () => {
    const { messenger, broker } = bench({ source: 'shop' })
    const [structured, raw] = [
      topic('structured', z.object({ at: z.date() }), { mode: 'structured', type: 'com.example.at' }),
      topic('raw', z.instanceof(Uint8Array)),
    ]
    const seen: unknown[] = []
    messenger.consume(structured, { group: 'g' }, ({ data, message }) => seen.push([message.type, data]))
    messenger.consume(raw, { group: 'g' }, ({ data }) => seen.push(data))
    await messenger.start()
    await messenger.publish(structured, { at: new Date(0) })
    await expect.poll(() => seen, wait).toEqual([['com.example.at', { at: new Date(0) }]])
    const spy = await broker.subscribe('raw', { group: 'spy', lease: 1000, onLost: () => undefined })
    await messenger.publish(raw, new Uint8Array([0, 255]))
    await expect.poll(() => seen[1], wait).toEqual(new Uint8Array([0, 255]))
    expect(await spy.receive(1, new AbortController().signal)).toMatchObject([
      { body: new Uint8Array([0, 255]), headers: { 'content-type': 'application/octet-stream' } },
    ])
  })
})
