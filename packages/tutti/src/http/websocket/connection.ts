import { newId, OptionError, TuttiError, type Clock, type Context } from '../../kernel/index.ts'
import { ValidationError } from '../../schema/index.ts'
import type { HttpContext } from '../context.ts'
import type { Decode } from './codec.ts'
import type { Member, Members, OutgoingFrame } from './endpoint.ts'
import { attempt, clientError, errorFrame, isCloseCode } from './failures.ts'
import { Inbox, type IncomingFrame, type InboxOwner } from './inbox.ts'
import type { Wire, WireEvents } from './library.ts'
import type { SocketLimits } from './limits.ts'
import { MessageContext } from './message-context.ts'
import type { MessageObserver } from './observed-messages.ts'
import type { WsHandlers } from './options.ts'
import type { WsClosed, WsRoom } from './socket.ts'

/** What the connections of a route have in common. */
export interface ConnectionHost {
  readonly path: string
  readonly handlers: WsHandlers<Member, unknown>
  readonly members: Members
  readonly decode: Decode
  readonly limits: SocketLimits
  readonly clock: Clock
  /** `undefined` where telemetry is off. */
  readonly observer: MessageObserver | undefined
}

const noRooms: ReadonlySet<string> = new Set<string>()

/** One WebSocket: its handlers run in order, in the context of its handshake, and what it sends is bounded. */
export class Connection implements Member, InboxOwner, WireEvents {
  #id: string | undefined
  readonly ctx: HttpContext
  data: unknown
  readonly #host: ConnectionHost
  readonly #wire: Wire
  readonly #inbox: Inbox
  readonly #end = Promise.withResolvers<WsClosed>()
  #rooms: Set<string> | undefined
  /** How this side closed it, or saw it broken, before it was closed. */
  #closing: WsClosed | undefined
  #drained: PromiseWithResolvers<boolean> | undefined
  #alive = true
  #backlogAtBeat = 0
  #lastMessage: number

  constructor(host: ConnectionHost, wire: Wire, { ctx, data }: { readonly ctx: HttpContext; readonly data: unknown }) {
    this.ctx = ctx
    this.data = data
    this.#host = host
    this.#wire = wire
    this.#inbox = new Inbox(this, host.limits)
    this.#lastMessage = host.clock.monotonic()
  }

  get id(): string {
    return (this.#id ??= newId())
  }

  get protocol(): string {
    return this.#wire.protocol
  }

  get rooms(): ReadonlySet<string> {
    return this.#rooms ?? noRooms
  }

  get isOpen(): boolean {
    return this.#closing === undefined && this.#wire.isOpen
  }

  get backlog(): number {
    return this.#wire.backlog
  }

  send(value: unknown): boolean {
    return this.isOpen && this.deliver({ data: this.#host.members.encode(value), binary: false })
  }

  sendBytes(bytes: Uint8Array): boolean {
    return this.deliver({ data: bytes, binary: true })
  }

  deliver({ data, binary }: OutgoingFrame): boolean {
    if (!this.isOpen) return false
    if (this.#wire.backlog > this.#host.limits.maxBacklog) {
      if (this.#host.limits.closeOnBacklog) this.close(1013, 'The client reads too slowly.')
      return false
    }
    this.#wire.send(data, binary)
    this.#host.observer?.sent()
    this.#touch()
    return true
  }

  drained(): Promise<boolean> {
    if (!this.isOpen) return Promise.resolve(false)
    if (this.#wire.backlog <= this.#host.limits.maxBacklog / 2) return Promise.resolve(true)
    if (this.#drained === undefined) {
      this.#drained = Promise.withResolvers()
      // A ping is flushed behind everything that was sent before, whatever compression and sockets keep of it.
      this.#wire.ping(() => this.#tellDrained())
    }
    return this.#drained.promise
  }

  close(code = 1000, reason = ''): void {
    if (!isCloseCode(code))
      throw new OptionError(`socket.close received the code ${code}; wanted 1000 to 1014 without 1004 to 1006, or 3000 to 4999.`)
    if (Buffer.byteLength(reason) > 123)
      throw new OptionError(`socket.close received a reason of ${Buffer.byteLength(reason)} bytes; a close frame has room for 123.`)
    if (!this.isOpen) return
    this.#beginClose(code, reason)
    this.#inbox.clear()
  }

  join(room: string): void {
    if (!this.isOpen) return
    this.#host.members.join(room, this)
    ;(this.#rooms ??= new Set()).add(room)
  }

  leave(room: string): void {
    this.#host.members.leave(room, this)
    this.#rooms?.delete(room)
  }

  to(room: string): WsRoom<unknown> {
    const { members } = this.#host
    return { send: (value) => members.send(members.room(room), value, this) }
  }

  /** Listens; nothing may come between this and the answer to the handshake. */
  begin(): void {
    this.#host.members.all.add(this)
    this.#host.observer?.opened()
    this.#wire.listen(this)
  }

  /** Runs the handlers; resolves when the connection has closed and the last of them has ended. */
  async run(): Promise<void> {
    const { handlers } = this.#host
    const { open, close } = handlers
    if (open !== undefined) await this.#attempt(this.ctx, () => handlers.open?.(this))
    this.#inbox.open()
    const closed = await this.#end.promise
    await this.#inbox.idle()
    if (close !== undefined) await this.#attempt(this.ctx, () => handlers.close?.(this, closed))
  }

  /** Says goodbye because the server stops; messages that have arrived are still handled. */
  shut(): void {
    if (this.isOpen) this.#beginClose(1001, 'The server is stopping.')
  }

  /** Cuts the connection, without waiting for the peer to say goodbye. */
  hangUp(): void {
    this.#wire.terminate()
  }

  /** Cuts the connection and forgets what has not begun. */
  cut(): void {
    this.#inbox.clear()
    this.#wire.terminate()
  }

  beat(): void {
    const backlog = this.#wire.backlog
    // A peer that is not read from cannot answer, and one that reads slowly answers late.
    const excused = this.#inbox.isPaused || backlog < this.#backlogAtBeat
    this.#backlogAtBeat = backlog
    if (!this.#alive && !excused) return this.#wire.terminate()
    this.#alive = false
    if (this.#wire.isOpen) this.#wire.ping()
  }

  checkIdle(): void {
    if (this.#host.clock.monotonic() - this.#lastMessage >= this.#host.limits.idleTimeout)
      this.close(1000, 'Nothing was said for a long time.')
  }

  message(data: Buffer, binary: boolean): void {
    this.#alive = true
    if (this.#closing !== undefined) return
    this.#touch()
    this.#inbox.push({ data, binary })
  }

  alive(): void {
    this.#alive = true
  }

  violated(code: number, error: Error): void {
    this.#closing ??= { code, reason: error.message }
    this.ctx.log.debug('A WebSocket client broke the protocol or a limit.', { code, error, requestId: this.ctx.id, route: this.#host.path })
  }

  closed(code: number, reason: string): void {
    const before = this.#closing
    this.#host.observer?.closed()
    this.#closing ??= { code, reason }
    this.#leaveAll()
    this.#tellDrained()
    // 1006 says no more than that there was no answer.
    this.#end.resolve(code === 1006 && before !== undefined ? before : { code, reason })
  }

  handle({ data, binary }: IncomingFrame): void | Promise<void> {
    const { handlers, decode } = this.#host
    if (binary) {
      if (handlers.bytes === undefined)
        return this.#refuse(
          new TuttiError('TUTTI_MESSAGE_MALFORMED', 'Binary messages are not taken here; send text.', { status: 400 }),
          1003,
        )
      return this.#handled(() => handlers.bytes?.(this, data))
    }
    if (handlers.message === undefined) return
    try {
      const decoded = decode(data.toString())
      if (decoded instanceof Promise) return decoded.then((value) => this.#receive(value)).catch((error: unknown) => this.#invalid(error))
      return this.#receive(decoded)
    } catch (error) {
      return this.#invalid(error)
    }
  }

  pause(): void {
    this.#wire.pause()
  }

  resume(): void {
    // What it answered meanwhile has still to be read.
    this.#alive = true
    this.#wire.resume()
  }

  #receive(value: unknown): void | Promise<void> {
    const { handlers } = this.#host
    return this.#handled(() => handlers.message?.(this, value))
  }

  #handled(work: () => unknown): void | Promise<void> {
    const { observer } = this.#host
    return this.#attempt(new MessageContext(this.ctx), observer === undefined ? work : () => observer.handle(this.ctx, work))
  }

  #attempt(context: Context, work: () => unknown): void | Promise<void> {
    return attempt(context, work, (error) => {
      const { handlers } = this.#host
      if (handlers.error === undefined) return this.#fail(error)
      return attempt(
        context,
        () => handlers.error?.(this, error),
        (failure) => this.#fail(failure),
      )
    })
  }

  /** Ends what a handler threw and nobody caught. */
  #fail(thrown: unknown): void {
    const known = clientError(thrown)
    if (known !== undefined) {
      this.deliver({ data: errorFrame(known), binary: false })
      return
    }
    this.ctx.log.error(TuttiError.from(thrown).message, { error: thrown, requestId: this.ctx.id, route: this.#host.path })
    this.close(1011, 'The server failed.')
  }

  #invalid(thrown: unknown): void | Promise<void> {
    const known = clientError(thrown)
    if (known === undefined) return this.#attempt(this.ctx, () => Promise.reject(thrown))
    this.#refuse(known, known instanceof ValidationError ? 1008 : 1007)
  }

  #refuse(error: TuttiError, code: number): void {
    if (this.#host.limits.closeOnInvalid) this.close(code, error.code)
    else this.deliver({ data: errorFrame(error), binary: false })
  }

  #beginClose(code: number, reason: string): void {
    this.#closing = { code, reason }
    this.#leaveAll()
    this.#wire.close(code, reason)
  }

  #leaveAll(): void {
    const { members } = this.#host
    members.all.delete(this)
    for (const room of this.rooms) members.leave(room, this)
  }

  #tellDrained(): void {
    this.#drained?.resolve(this.isOpen)
    this.#drained = undefined
  }

  #touch(): void {
    if (this.#host.limits.idleTimeout > 0) this.#lastMessage = this.#host.clock.monotonic()
  }
}
