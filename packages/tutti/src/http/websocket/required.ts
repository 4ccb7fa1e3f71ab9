import { HttpError } from '../errors.ts'

/** The 426 of a plain request for a path where nothing but WebSockets is spoken. */
export function upgradeRequired(path: string): HttpError {
  return new HttpError('TUTTI_UPGRADE_REQUIRED', `${path} is a WebSocket; connect to it with a WebSocket client.`, {
    status: 426,
    headers: { upgrade: 'websocket', connection: 'upgrade' },
  })
}
