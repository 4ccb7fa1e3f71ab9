import { Readable, type Writable } from 'node:stream'
import { TuttiError } from '../../kernel/index.ts'
import type { HttpContext } from '../context.ts'
import type { HttpResponse } from '../response.ts'
import { pipeBody } from './write.ts'

/** How long the producer of an event stream may take to end it by itself once it was told to, in milliseconds. */
const farewellTime = 1000

/**
 * Sends bodies that stream. Event streams never end by themselves: they are told when the client has gone and when the server stops.
 */
export class BodyStreams {
  readonly #open = new Set<HttpContext>()
  #stopping: TuttiError | undefined

  /** Sends a body that streams, behind a head that has been sent. */
  send(response: HttpResponse, target: Writable, ctx: HttpContext): void {
    const { body } = response
    if (!(body instanceof Readable)) return
    const endless = response.headers.get('content-type')?.startsWith('text/event-stream') === true
    if (endless) this.#watch(body, target, ctx)
    pipeBody(body, target, { ctx, endless })
  }

  /** Fires the signals of all event streams, also of those that begin later. */
  stop(): void {
    this.#stopping = new TuttiError('TUTTI_SERVER_STOPPING', 'The server stops; reconnect to get the rest from another one.')
    for (const ctx of this.#open) ctx.abort(this.#stopping)
  }

  /** Ends an event stream some time after `ctx.signal` has fired, unless its producer does. */
  #watch(body: Readable, target: Writable, ctx: HttpContext): void {
    this.#open.add(ctx)
    let timer: NodeJS.Timeout | undefined
    const end = (): void => {
      body.unpipe(target)
      body.destroy()
      target.end()
    }
    const endSoon = (): void => {
      timer = setTimeout(end, farewellTime)
    }
    if (this.#stopping !== undefined) ctx.abort(this.#stopping)
    if (ctx.signal.aborted) endSoon()
    else ctx.signal.addEventListener('abort', endSoon, { once: true })
    target.once('close', () => {
      clearTimeout(timer)
      this.#open.delete(ctx)
    })
  }
}
