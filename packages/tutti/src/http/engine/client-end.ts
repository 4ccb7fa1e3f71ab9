import type { Socket } from 'node:net'
import type { HttpSource } from '../source.ts'
import { responseInFlight } from './in-flight.ts'

/**
 * Has the response in flight on an HTTP/1 connection told, by the event `clientEnd`, when the client closes its sending half: it is gone,
 * or it has said all that it wanted to. Only requests whose signal somebody holds ask for this: idle connections are spared a listener.
 */
export function watchClientEnd({ httpVersion, socket }: HttpSource): void {
  if (!isSocket(socket) || httpVersion === '2.0') return
  if (!socket.listeners('end').includes(onClientEnd)) socket.on('end', onClientEnd)
}

function isSocket(socket: unknown): socket is Socket {
  return socket instanceof process.getBuiltinModule('node:net').Socket
}

function onClientEnd(this: Socket): void {
  responseInFlight(this)?.emit('clientEnd')
}
