import type { SocketRoute } from './declare.ts'
import type { SocketServer, UpgradeHost } from './server.ts'

/** Loads the WebSocket server, which takes 20 ms: only applications with WebSocket routes wait for it. */
export async function loadSockets(routes: readonly SocketRoute[]): Promise<(host: UpgradeHost) => SocketServer> {
  const { SocketServer: Server } = await import('./server.ts')
  return (host) => new Server(routes, host)
}
