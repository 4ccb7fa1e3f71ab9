import type { IncomingMessage } from 'node:http'
import { earlyBody, type EarlyBody } from '../source.ts'

/** Bodies that announce no more than this are looked for behind the head, in bytes. */
const most = 16 * 1024

/** What the raw headers of a request say of its body: its length, 0 for none, or `undefined` where it is not known or not to be awaited. */
export function announcedLength(raw: readonly string[]): number | undefined {
  let length = 0
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    switch (name.length) {
      case 14:
        if (name.toLowerCase() === 'content-length') length = Number(raw[i + 1])
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') return undefined
        break
      case 6:
        // Whoever waits to be told to go on has not been told yet.
        if (name.toLowerCase() === 'expect') return undefined
    }
  }
  return length
}

/** Node's own treatment of requests without a body (`optimizeEmptyRequests`), without the object of all headers that it builds to see that there is none. */
export function settleEmpty(request: IncomingMessage): void {
  if ('_dumpAndCloseReadable' in request && typeof request._dumpAndCloseReadable === 'function') {
    request._dumpAndCloseReadable()
    request._read(0)
  }
}

type Request = IncomingMessage & { [earlyBody]?: EarlyBody | undefined }

/**
 * Takes a small body straight from the parser where it came in the same packet as the head, as most do, and handles its request then:
 * nothing has to be awaited, and the life cycle of a stream is spared. Whoever reads the request as a stream after all gets the same
 * bytes. Where the body is still under way the request is handled at once, and streams it. False where the body is not small.
 */
export function takeSmallBody(request: Request, length: number, handle: () => void): boolean {
  if (!(length > 0 && length <= most)) return false
  const body = new SmallBody(request, length, handle)
  request[earlyBody] = body
  request.push = pushSmall
  // The parser goes through a packet in one go; this comes behind it.
  process.nextTick(giveUp, body)
  return true
}

/** A body while it comes from the parser, and until somebody reads it. */
class SmallBody implements EarlyBody {
  readonly request: Request
  readonly #push: IncomingMessage['push']
  readonly #read: IncomingMessage['_read']
  readonly #length: number
  readonly #handle: () => void
  #first: Buffer | undefined
  #rest: Buffer[] | undefined
  #size = 0

  constructor(request: Request, length: number, handle: () => void) {
    this.request = request
    this.#push = request.push
    this.#read = request._read
    this.#length = length
    this.#handle = handle
  }

  /** Takes what the parser hands over: chunks, and `null` at the end. */
  add(chunk: Buffer | null): boolean {
    if (chunk === null) {
      this.#restorePush()
      this.request._read = readSmall
      this.#handle()
      return false
    }
    this.#size += chunk.length
    if (this.#first === undefined) this.#first = chunk
    else if (this.#rest === undefined) this.#rest = [this.#first, chunk]
    else this.#rest.push(chunk)
    return true
  }

  /** Has the request handled although its body is not there: it streams what has come and what is to come. */
  giveUp(): void {
    // Where all bytes are there, the end is about to be told.
    if (this.#size === this.#length) return
    this.#restorePush()
    this.request[earlyBody] = undefined
    for (const chunk of this.#rest ?? (this.#first === undefined ? [] : [this.#first])) this.request.push(chunk)
    this.#handle()
  }

  take(): Buffer {
    const { request } = this
    request[earlyBody] = undefined
    request._read = this.#read
    settleEmpty(request)
    return this.#all()
  }

  /** Somebody reads the request as a stream. */
  stream(): void {
    const { request } = this
    request[earlyBody] = undefined
    request._read = this.#read
    request.push(this.#all())
    request.push(null)
  }

  #all(): Buffer {
    return this.#rest === undefined ? (this.#first ?? Buffer.alloc(0)) : Buffer.concat(this.#rest, this.#size)
  }

  /** Set, not deleted: an object that lost a member is slow from then on. */
  #restorePush(): void {
    this.request.push = this.#push
  }
}

// One function for all requests, rather than one for each.
function pushSmall(this: Request, chunk: Buffer | null): boolean {
  return smallBody(this).add(chunk)
}

function readSmall(this: Request): void {
  smallBody(this).stream()
}

function giveUp(body: SmallBody): void {
  body.giveUp()
}

function smallBody(request: Request): SmallBody {
  const body = request[earlyBody]
  if (body instanceof SmallBody) return body
  throw new Error('A request whose body was taken was given more of it.')
}
