import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

/** Takes connections over whose request asks for another protocol, such as a WebSocket (RFC 9110 section 7.8). */
export interface Upgrades {
  /** Whether a request asks for something that is spoken here; where not, the `Upgrade` header is ignored. */
  wants(request: IncomingMessage): boolean
  /** Takes the connection, whatever becomes of it. `head` are the first bytes behind the request. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Refuses what still asks, ends what was taken, and resolves with how many had to be cut off after `timeout` milliseconds. */
  close(timeout: number): Promise<number>
}

/** The part of `node:http` and `node:http2` servers that upgrades need. */
interface UpgradeEmitter {
  on(event: 'upgrade', listener: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): unknown
}

/** Lets `upgrades` take connections of a server. */
export function attachUpgrades(server: UpgradeEmitter, upgrades: Upgrades): void {
  // Without this Node (24.9 and later) takes every request with an Upgrade header, h2c offers among them, off the normal path.
  Object.assign(server, { shouldUpgradeCallback: (request: IncomingMessage) => upgrades.wants(request) })
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket, head))
}
