import type { Readable } from 'node:stream'
import { HttpHeaders } from './headers.ts'

/** What goes out: text as UTF-8, bytes, a stream, or nothing. */
export type ResponseBody = string | Uint8Array | Readable | null

/** The response of one request, as middleware sees it from `next()` and may change it. */
export class HttpResponse {
  status: number
  readonly headers: HttpHeaders
  body: ResponseBody

  constructor(status: number, headers: HttpHeaders, body: ResponseBody) {
    this.status = status
    this.headers = headers
    this.body = body
  }

  /** A response with a body of a media type. */
  static of(status: number, type: string, body: ResponseBody): HttpResponse {
    return new HttpResponse(status, new HttpHeaders(['content-type', type]), body)
  }

  /** A response without a body. */
  static empty(status: number): HttpResponse {
    return new HttpResponse(status, new HttpHeaders(), null)
  }
}
