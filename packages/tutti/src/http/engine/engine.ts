import type { HttpApplication } from '../application.ts'
import type { DrainTimes } from './drain.ts'

/** Where a server listens. */
export interface Address {
  readonly host: string
  /** The real port, also where 0 was asked for. */
  readonly port: number
  /** Such as `http://127.0.0.1:8000`. */
  readonly url: string
}

/** A server that hands requests to an application: `node:http` and `node:http2` here. */
export interface Engine {
  /** Starts to accept connections. Rejects with `TUTTI_PORT_IN_USE` or `TUTTI_LISTEN_FAILED`. */
  listen(where: { readonly port: number; readonly host: string | undefined }): Promise<Address>
  /**
   * Stops accepting, lets requests that run finish, closes idle connections, and resolves when none is left.
   * After `timeout` milliseconds what is left is cut off; resolves with the number of connections that were.
   */
  close(times: DrainTimes): Promise<number>
  /** Takes TLS certificates anew without dropping connections. Rejects with `TUTTI_TLS_INVALID`, and goes on with those in use, where they are of no use. */
  reloadCertificates(): Promise<void>
}

/** Makes an engine for an application. */
export type EngineFactory = (application: HttpApplication) => Engine
