import { OptionError } from '../../kernel/index.ts'
import type { WsRoom, WsSocket } from './socket.ts'

/** A message as it goes out: encoded once, however many sockets get it. */
export interface OutgoingFrame {
  readonly data: string | Uint8Array
  readonly binary: boolean
}

/** A socket as its route keeps it. */
export interface Member extends WsSocket {
  deliver(frame: OutgoingFrame): boolean
  /** Pings the peer, or cuts it off where it was silent since the last time. */
  beat(): void
  /** Closes the socket where it is idle. */
  checkIdle(): void
}

/** Adds, moves and removes sockets; for the WebSocket server alone. */
export const members: unique symbol = Symbol('members')

/** Who is connected, and who is in which room. */
export class Members {
  readonly all = new Set<Member>()
  readonly #rooms = new Map<string, Set<Member>>()
  /** Turns values into text; set when the application starts, before which nobody is connected. */
  encode: (value: unknown) => string = () => ''

  join(room: string, member: Member): void {
    if (typeof room !== 'string') throw new OptionError(`socket.join received ${String(room)}; wanted the name of a room.`)
    const inside = this.#rooms.get(room)
    if (inside === undefined) this.#rooms.set(room, new Set([member]))
    else inside.add(member)
  }

  leave(room: string, member: Member): void {
    const inside = this.#rooms.get(room)
    if (inside?.delete(member) === true && inside.size === 0) this.#rooms.delete(room)
  }

  room(name: string): ReadonlySet<Member> | undefined {
    return this.#rooms.get(name)
  }

  roomNames(): string[] {
    return [...this.#rooms.keys()]
  }

  /** Sends one value to many sockets and returns how many took it. */
  send(targets: ReadonlySet<Member> | undefined, value: unknown, except?: Member): number {
    if (targets === undefined || targets.size === 0) return 0
    const frame = { data: Buffer.from(this.encode(value)), binary: false }
    let sent = 0
    // A full socket may be closed in passing, which takes it out of the set: a Set allows for that.
    for (const target of targets) if (target !== except && target.deliver(frame)) sent++
    return sent
  }
}

/** A WebSocket route: what `ws(path, …)` gives, to push to its clients from anywhere. Reaches the sockets of this process. */
export class WsRoute<Out = unknown, Socket = WsSocket<Out>> {
  readonly [members]: Members = new Members()

  /** Sends to every socket, encoded once, and returns to how many. Slow ones are treated as the option `onBacklog` says. */
  broadcast(value: Out): number {
    const own = this[members]
    return own.send(own.all, value)
  }

  /** Everybody in a room. */
  to(room: string): WsRoom<Out> {
    const own = this[members]
    return { send: (value) => own.send(own.room(room), value) }
  }

  /** The sockets that are open; of a room, where one is given. */
  sockets(room?: string): Socket[] {
    const own = this[members]
    // The route's declaration ties the types of its sockets to its handle.
    return [...(room === undefined ? own.all : (own.room(room) ?? []))] as unknown as Socket[]
  }

  /** The rooms that somebody is in. */
  get rooms(): readonly string[] {
    return this[members].roomNames()
  }

  /** How many sockets are open. */
  get size(): number {
    return this[members].all.size
  }
}
