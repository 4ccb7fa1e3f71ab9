import type { FSWatcher } from 'node:fs'
import type { SecureContextOptions, SecureVersion, Server as TlsServer, TLSSocket } from 'node:tls'
import { OptionError, TuttiError } from '../../kernel/index.ts'

/** Certificates and keys of a server. Texts that hold PEM and bytes are taken as they are; any other text is the path of a file. */
export interface TlsOptions {
  /** The certificate of the server with its chain. */
  readonly cert: string | Uint8Array
  /** Its private key. */
  readonly key: string | Uint8Array
  /** The authorities whose client certificates are accepted. @default those that Node knows */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Opens an encrypted key. */
  readonly passphrase?: string
  /**
   * Asks clients for a certificate (mTLS), found at `ctx.clientCertificate`: `'required'` refuses connections without one that `ca` vouches
   * for, `true` leaves it to guards to look at `authorized`. @default false
   */
  readonly requestClientCert?: boolean | 'required'
  /** @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  /** Whether files are watched and taken anew when they change, without dropping connections. @default true */
  readonly watch?: boolean
}

const known: Readonly<Record<keyof TlsOptions, true>> = {
  cert: true,
  key: true,
  ca: true,
  passphrase: true,
  requestClientCert: true,
  minVersion: true,
  watch: true,
}

/** Certificates are renewed by several writes in a row; they are read when nothing has changed for this long, in milliseconds. */
const settleTime = 200

/** Throws an `OptionError` for TLS options that do not exist or cannot be meant. */
export function checkTls(options: TlsOptions): void {
  for (const name of Object.keys(options)) {
    if (!(name in known)) {
      throw new OptionError(
        `new App({ http: { tls } }) received the option ${JSON.stringify(name)}, which does not exist; known are ${Object.keys(known).join(', ')}.`,
        { code: 'TUTTI_OPTION_UNKNOWN' },
      )
    }
  }
  for (const name of ['cert', 'key'] as const) {
    const value: unknown = options[name]
    if ((typeof value === 'string' && value !== '') || value instanceof Uint8Array) continue
    throw new OptionError(
      `new App({ http: { tls } }) received ${value === '' ? 'an empty text' : typeof value} as ${name}; wanted PEM, or the path of a file that holds it.`,
    )
  }
  const asked: unknown = options.requestClientCert ?? false
  if (typeof asked !== 'boolean' && asked !== 'required')
    throw new OptionError(`tls.requestClientCert received ${JSON.stringify(asked)}; wanted true, false or "required".`)
  const version: unknown = options.minVersion ?? 'TLSv1.2'
  if (version !== 'TLSv1.2' && version !== 'TLSv1.3')
    throw new OptionError(`tls.minVersion received ${JSON.stringify(version)}; wanted "TLSv1.2" or "TLSv1.3".`)
}

/** The certificates of a server, read anew when asked to or when their files change. */
export class Certificates {
  readonly #options: TlsOptions
  readonly #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(options: TlsOptions) {
    this.#options = options
  }

  /** What `node:tls` wants to know. Rejects with `TUTTI_TLS_INVALID` where a file cannot be read or key and certificate do not fit. */
  async load(): Promise<SecureContextOptions & { readonly minVersion: SecureVersion }> {
    const { cert, key, ca, passphrase, minVersion = 'TLSv1.2' } = this.#options
    const authorities = ca === undefined ? undefined : await Promise.all([ca].flat().map((one) => read('ca', one)))
    const loaded = {
      cert: await read('cert', cert),
      key: await read('key', key),
      minVersion,
      ...(authorities && { ca: authorities }),
      ...(passphrase !== undefined && { passphrase }),
    }
    try {
      process.getBuiltinModule('node:tls').createSecureContext(loaded)
    } catch (cause) {
      throw new TuttiError('TUTTI_TLS_INVALID', `The TLS certificate and key cannot be used: ${explain(cause)}`, { cause })
    }
    return loaded
  }

  /** Takes the certificates anew; those in use stay where the new ones cannot be used. Connections that exist are not touched. */
  async reload(server: TlsServer): Promise<void> {
    server.setSecureContext(await this.load())
  }

  /** Calls `onChange` when a file may have changed; no effect where all is given as PEM. */
  watch(onChange: () => void): void {
    if (this.#options.watch === false) return
    const { dirname } = process.getBuiltinModule('node:path')
    const { watch } = process.getBuiltinModule('node:fs')
    const { cert, key, ca = [] } = this.#options
    // The folders: renewals replace files, or links to them, and a watched file that is replaced tells nothing any more.
    const folders = new Set([cert, key, ca].flat().flatMap((source) => (isPath(source) ? [dirname(source)] : [])))
    for (const folder of folders) {
      const watcher = watch(folder, { persistent: false }, () => {
        clearTimeout(this.#timer)
        this.#timer = setTimeout(onChange, settleTime).unref()
      })
      watcher.on('error', () => watcher.close())
      this.#watchers.push(watcher)
    }
  }

  /** Stops watching. */
  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }
}

/** What `node:tls` needs to know about client certificates. */
export function clientCertOptions({ requestClientCert = false }: TlsOptions): {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
} {
  return { requestCert: requestClientCert !== false, rejectUnauthorized: requestClientCert === 'required' }
}

/** Whether ALPN chose HTTP/2. */
export function speaksHttp2(socket: TLSSocket): boolean {
  return socket.alpnProtocol === 'h2'
}

function isPath(source: string | Uint8Array): source is string {
  return typeof source === 'string' && !source.includes('-----BEGIN ')
}

async function read(what: 'cert' | 'key' | 'ca', source: string | Uint8Array): Promise<string | Buffer> {
  if (!isPath(source)) return typeof source === 'string' ? source : Buffer.from(source)
  try {
    return await process.getBuiltinModule('node:fs').promises.readFile(source)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new TuttiError(
      'TUTTI_TLS_INVALID',
      `tls.${what} names the file ${source}, which cannot be read: ${reason}. Give the path of a PEM file that this process may read, or PEM itself.`,
      { cause },
    )
  }
}

function explain(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/key values mismatch/i.test(text)) return 'the key does not belong to the certificate. Give the two that were made for each other.'
  if (/bad decrypt|bad password|empty password|interrupted or cancelled/i.test(text))
    return 'the passphrase does not open the key. Give the right one as tls.passphrase.'
  if (/no start line|bad base64|unsupported|asn1/i.test(text))
    return 'one of them is not PEM, or damaged. Both begin with a line such as "-----BEGIN CERTIFICATE-----".'
  return text
}
