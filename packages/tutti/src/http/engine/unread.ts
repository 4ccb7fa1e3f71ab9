import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { rawHeader } from '../source.ts'
import type { HttpResponse } from '../response.ts'

/** A body that announces no more than this is read and dropped, so that its connection can be used again. */
const smallBody = 64 * 1024
/** How much of a larger one is dropped before the connection is closed: clients that send all before they read get their answer. */
const lingerBytes = 8 * 1024 * 1024
/** And for how long, in milliseconds after the answer went out. */
const lingerTime = 5000

/** Whether a request announced a body (RFC 9112 section 6.3). A request without one is not complete yet either when it is answered at once. */
export function announcesBody(raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') return raw[i + 1] !== '0'
    if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') return true
  }
  return false
}

/**
 * Prepares the answer to a request whose body has not been read to its end: never read without bound, never let the rest pass for the
 * next request, and still let the client read the answer. Closing a socket with unread data in it would reset the connection, and the
 * answer would be lost with it (RFC 9112 section 9.6). Call before the head is written.
 */
export function answerUnread(request: IncomingMessage, target: ServerResponse, response: HttpResponse): void {
  if (response.body instanceof Readable) {
    // The handler may still be reading while it answers.
    target.once('prefinish', () => {
      if (!request.complete) abandon(request, target)
    })
    return
  }
  const length = rawHeader(request.rawHeaders, 'content-length')
  // A client that was not told to go on may send the next request instead of the body: nobody could tell which.
  if (length !== undefined && Number(length) <= smallBody && rawHeader(request.rawHeaders, 'expect') === undefined) {
    target.once('finish', () => request.resume())
    return
  }
  response.headers.set('connection', 'close')
  abandon(request, target)
}

/** Takes the connection from the HTTP parser, so that no further request on it is seen, and closes it once the answer is out. */
function abandon(request: IncomingMessage, target: ServerResponse): void {
  const { socket } = request
  if (socket.destroyed) return
  let dropped = 0
  let answered = false
  const close = (): void => void socket.destroy()
  const drop = (chunk: Buffer): void => {
    dropped += chunk.length
    if (dropped <= lingerBytes) return
    socket.pause()
    if (answered) close()
  }
  const linger = (): void => {
    if (answered) return
    answered = true
    if (dropped > lingerBytes) socket.end(close)
    else socket.end()
    const timer = setTimeout(close, lingerTime).unref()
    socket.once('close', () => clearTimeout(timer))
  }
  // A first listener makes Node hand data to listeners rather than straight to its parser; then the parser's own can go.
  socket.on('data', drop)
  socket.removeAllListeners('data')
  socket.removeAllListeners('end')
  socket.on('data', drop)
  socket.resume()
  // A request that came in the same packet is still in the parser, where nothing public reaches it.
  const parser: unknown = Reflect.get(socket, 'parser')
  if (typeof parser === 'object' && parser !== null) Reflect.set(parser, 'onIncoming', ignoreRequest)
  // Node calls this when the last response of a connection has been written; it does not know yet that this is the last.
  socket.destroySoon = linger
  target.once('finish', linger)
}

function ignoreRequest(): number {
  return 0
}
