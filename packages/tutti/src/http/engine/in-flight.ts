import type { ServerResponse } from 'node:http'

/**
 * The response that a connection is busy with, the first one where requests were pipelined. Node keeps it on the socket and offers
 * no other way to it; where it should ever be missing, connections are closed a little less politely, and nothing worse.
 */
export function responseInFlight(socket: object): ServerResponse | undefined {
  const message: unknown = Reflect.get(socket, '_httpMessage')
  return message instanceof process.getBuiltinModule('node:http').ServerResponse ? message : undefined
}
