import { Readable } from 'node:stream'
import { milliseconds, type Duration } from '../kernel/index.ts'
import type { HttpContext } from './context.ts'
import { HttpHeaders } from './headers.ts'
import { toResponse, type Respondable } from './reply.ts'
import { HttpResponse } from './response.ts'

/** One server-sent event (HTML Standard section 9.2). */
export interface SseMessage {
  /** Text is sent as it is, anything else as JSON. */
  readonly data: unknown
  /** What `EventSource` listens for. @default 'message' */
  readonly event?: string
  /** Comes back as `ctx.lastEventId` when the client reconnects. */
  readonly id?: string | number
  /** How long the client waits before it reconnects. */
  readonly retry?: Duration
}

/** How an event stream is sent. */
export interface SseOptions {
  /** How long the stream may be silent before a comment keeps the connection alive; 0 sends none. @default '15s' */
  readonly heartbeat?: Duration
  /** How long clients wait before they reconnect. @default the client's own, some seconds */
  readonly retry?: Duration
}

/**
 * Answers with server-sent events. What the iterable yields is sent at once: a `SseMessage`, that is an object with `data` and
 * none but the fields of one, or any other value as the data. The iterable is returned, and `ctx.signal` fires, when the client goes.
 */
export function sse(events: AsyncIterable<unknown>, options: SseOptions = {}): Respondable {
  const heartbeat = milliseconds(options.heartbeat ?? '15s')
  const preamble = options.retry === undefined ? '' : `retry: ${milliseconds(options.retry)}\n\n`
  return {
    [toResponse](ctx: HttpContext) {
      const headers = new HttpHeaders([
        'content-type',
        'text/event-stream',
        'cache-control',
        'no-cache, no-transform',
        'x-accel-buffering',
        'no',
      ])
      return new HttpResponse(200, headers, new EventStream(events, { heartbeat, preamble, ctx }))
    },
  }
}

interface EventStreamOptions {
  readonly heartbeat: number
  readonly preamble: string
  readonly ctx: HttpContext
}

class EventStream extends Readable {
  readonly #iterator: AsyncIterator<unknown>
  #timer: NodeJS.Timeout | undefined
  #pulling = false

  constructor(events: AsyncIterable<unknown>, { heartbeat, preamble }: EventStreamOptions) {
    // Each event is one chunk and leaves at once; a slow client holds the producer back after this many.
    super({ objectMode: true, highWaterMark: 16 })
    this.#iterator = events[Symbol.asyncIterator]()
    // A comment first, so that the client's stream is open before the first event.
    this.push(preamble === '' ? ':\n\n' : preamble)
    if (heartbeat > 0) this.#timer = setTimeout(() => this.#beat(), heartbeat)
  }

  override _read(): void {
    if (this.#pulling) return
    this.#pulling = true
    this.#iterator.next().then(
      ({ done, value }) => {
        this.#pulling = false
        if (this.destroyed) return
        if (done === true) this.push(null)
        else this.#send(value)
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    )
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.#timer)
    // A producer that waits for something is only returned once that comes; ctx.signal tells it at once.
    this.#iterator.return?.().catch(() => {})
    callback(error)
  }

  #send(value: unknown): void {
    this.#timer?.refresh()
    this.push(formatEvent(isMessage(value) ? value : { data: value }))
  }

  #beat(): void {
    this.#timer?.refresh()
    this.push(':\n\n')
  }
}

const fields = new Set(['data', 'event', 'id', 'retry'])

function isMessage(value: unknown): value is SseMessage {
  return typeof value === 'object' && value !== null && 'data' in value && Object.keys(value).every((key) => fields.has(key))
}

/** The text of an event. Line breaks cannot end a field early: in `data` they begin a new data line, elsewhere they are left out. */
function formatEvent({ data, event, id, retry }: SseMessage): string {
  let text = ''
  if (id !== undefined) text += `id: ${oneLine(String(id)).replaceAll('\0', '')}\n`
  if (event !== undefined) text += `event: ${oneLine(event)}\n`
  if (retry !== undefined) text += `retry: ${milliseconds(retry)}\n`
  const payload = typeof data === 'string' ? data : (JSON.stringify(data) ?? 'null')
  for (const line of payload.split(/\r\n|\r|\n/)) text += `data: ${line}\n`
  return `${text}\n`
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]+/g, ' ')
}
