/** A server that only one test uses, which it may stop and start again. */
export interface PrivateServer {
  readonly url: string
  /** Its data folder. */
  readonly data: string
  start(): Promise<void>
  /** Connections end at once; what was committed is kept. */
  stop(): Promise<void>
  /** As if the machine had lost its power: the next start recovers. */
  crash(): Promise<void>
  remove(): Promise<void>
}

/** Starts a server of the table of services on a port of its own. */
export function privateServer(name: 'postgres' | 'mariadb' | 'prometheus'): Promise<PrivateServer>

/** A loopback port that is free, and that no system gives out by itself. */
export function freePort(): Promise<number>
