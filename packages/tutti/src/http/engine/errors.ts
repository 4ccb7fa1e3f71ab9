import { TuttiError } from '../../kernel/index.ts'

/** Why a server could not listen, said so that it can be mended. */
export function listenError(cause: NodeJS.ErrnoException, where: { readonly port: number; readonly host: string | undefined }): TuttiError {
  const place = `${where.host ?? 'every address'}, port ${where.port}`
  switch (cause.code) {
    case 'EADDRINUSE':
      return new TuttiError(
        'TUTTI_PORT_IN_USE',
        `Cannot listen on ${place}: another process uses this port. Stop it, or choose another port (PORT, or listen(port)); 0 takes a free one.`,
        { cause },
      )
    case 'EACCES':
      return new TuttiError(
        'TUTTI_LISTEN_FAILED',
        `Cannot listen on ${place}: the system does not allow it. Ports below 1024 need privileges; choose one above.`,
        { cause },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new TuttiError(
        'TUTTI_LISTEN_FAILED',
        `Cannot listen on ${place}: this machine has no such address. Use 0.0.0.0 for all of its addresses, or 127.0.0.1 for itself alone.`,
        { cause },
      )
    default:
      return new TuttiError('TUTTI_LISTEN_FAILED', `Cannot listen on ${place}: ${cause.message}`, { cause })
  }
}
