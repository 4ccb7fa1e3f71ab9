import { StorageError } from 'tutti/storage'
import type { ConnectionConfig } from './client.ts'

/** Where a server is: a URL, or its parts, or a URL with parts that override it. */
export interface ConnectionOptions {
  /** `mysql://user:password@host:3306/database`, or `mariadb://…`; with `?ssl=true` the connection is encrypted and the server's name checked. */
  readonly url?: string
  /** @default 'localhost' */
  readonly host?: string
  /** @default 3306 */
  readonly port?: number
  readonly user?: string
  readonly password?: string
  /** The database that holds the tables. */
  readonly database?: string
  /** `true` checks the server's certificate against the well-known authorities. @default false */
  readonly ssl?: boolean | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string }
}

/** How a server is reached, the database, and the name of the place without a password. */
export function connectionOf({ url, ssl, ...parts }: ConnectionOptions): {
  readonly config: ConnectionConfig
  readonly database: string
  readonly place: string
} {
  const from = url === undefined ? {} : partsOf(url)
  const { host = 'localhost', port = 3306, user, password, database } = { ...from, ...defined(parts) }
  if (database === undefined || database === '' || database.length > 64)
    throw invalid('mysql received no database; wanted its name, in the URL or as an option.')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`mysql received the port ${String(port)}; wanted 1 to 65535.`)
  const encrypted = ssl ?? ('ssl' in from ? from.ssl : false)
  return {
    config: {
      host,
      port,
      database,
      ...(user !== undefined && { user }),
      ...(password !== undefined && { password }),
      ...(encrypted !== false && { ssl: encrypted === true ? { rejectUnauthorized: true } : { rejectUnauthorized: true, ...encrypted } }),
    },
    database,
    place: `${host}:${port}/${database}`,
  }
}

interface Parts {
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly ssl?: boolean
}

/** The URL never goes into a message: it may hold a password. */
function partsOf(url: string): Parts {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:'))
    throw invalid('mysql received a url that is none for it; wanted mysql://user:password@host:3306/database.')
  const { hostname, port, username, password, pathname, searchParams } = parsed
  for (const name of searchParams.keys()) {
    if (name !== 'ssl')
      throw invalid(`mysql received a url with the parameter ${JSON.stringify(name)}; wanted none but "ssl". Use the options of mysql().`)
  }
  const ssl = searchParams.get('ssl')
  if (ssl !== null && ssl !== 'true' && ssl !== 'false')
    throw invalid(`mysql received a url with ssl ${JSON.stringify(ssl)}; wanted "true" or "false".`)
  return {
    ...(hostname !== '' && { host: hostname.replaceAll(/^\[|\]$/g, '') }),
    ...(port !== '' && { port: Number(port) }),
    ...(username !== '' && { user: decoded(username) }),
    ...(password !== '' && { password: decoded(password) }),
    ...(pathname.length > 1 && { database: decoded(pathname.slice(1)) }),
    ...(ssl !== null && { ssl: ssl === 'true' }),
  }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw invalid('mysql received a url with a "%" that begins no encoded character; write "%25" for the character itself.')
  }
}

function defined(parts: Parts): Parts {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}

function invalid(message: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', message)
}
