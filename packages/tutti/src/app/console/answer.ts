import { HttpHeaders, HttpResponse } from '../../http/index.ts'
import type { Wire } from './contract.ts'

/** A JSON response. `T` is what the contract says that the endpoint answers. */
export function answer<T>(value: T): HttpResponse {
  return new HttpResponse(200, new HttpHeaders(['content-type', 'application/json', 'cache-control', 'no-store']), toJson(value))
}

/** A value as JSON; what JSON has no word for is shown as text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, shownInJson) ?? 'null'
}

/** A value as it arrives at the page. */
export function toWire<T>(value: T): Wire<T> {
  // That is what `Wire` says: the value after a way through JSON.
  return JSON.parse(toJson(value)) as Wire<T>
}

function shownInJson(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Map) return Object.fromEntries(value)
  return value instanceof Set ? [...value] : value
}
