import { join } from 'node:path'
import protobufjs from 'protobufjs'

const root = protobufjs.loadSync(['otlp', 'status'].map((name) => join(import.meta.dirname, `fixtures/${name}.proto`)))

const requests = {
  traces: root.lookupType('ExportTraceServiceRequest'),
  metrics: root.lookupType('ExportMetricsServiceRequest'),
  logs: root.lookupType('ExportLogsServiceRequest'),
}

export type Signal = keyof typeof requests
export type Json = { readonly [name: string]: unknown }

/** A request in Protocol Buffers, with ids in hex and 64-bit numbers as texts, as in OTLP's JSON. */
export function readProtobuf(signal: Signal, body: Uint8Array): Json {
  const type = requests[signal]
  return plain(type.toObject(type.decode(body), { longs: String, bytes: Array })) as Json
}

/** What a collector answers when it does not take all spans. */
export function partialSuccess(rejectedSpans: number, errorMessage: string): Uint8Array {
  const type = root.lookupType('ExportTraceServiceResponse')
  return type.encode(type.create({ partialSuccess: { rejectedSpans, errorMessage } })).finish()
}

/** What a server sends along with an error to say when it wants to be asked again. */
export function retryInfo(seconds: number, nanos: number): Buffer {
  const info = root.lookupType('rpc.RetryInfo')
  const type = root.lookupType('rpc.Status')
  const detail = {
    typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
    value: info.encode(info.create({ retryDelay: { seconds, nanos } })).finish(),
  }
  const other = { typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: new Uint8Array([1]) }
  return Buffer.from(type.encode(type.create({ code: 8, message: 'too much', details: [other, detail] })).finish())
}

function plain(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return name.endsWith('Id') ? Buffer.from(value as number[]).toString('hex') : value.map((one) => plain(one))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one, key)]))
}

/** The attributes of something as an object. */
export function attributes(pairs: unknown): Json {
  const list = (pairs ?? []) as readonly { readonly key: string; readonly value?: Json }[]
  return Object.fromEntries(list.map(({ key, value }) => [key, anyValue(value)]))
}

function anyValue(value: Json | undefined): unknown {
  const [kind, held] = Object.entries(value ?? {})[0] ?? []
  if (kind === 'intValue') return Number(held)
  if (kind === 'arrayValue') return ((held as Json)['values'] as Json[]).map(anyValue)
  if (kind === 'kvlistValue') return attributes((held as Json)['values'])
  return held
}
