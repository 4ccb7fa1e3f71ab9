/** What the bench asks a server for. */
export interface Question {
  readonly id: number
  /** `collect`: after collecting garbage, for which the server must have been started with `--expose-gc`. */
  readonly ask: 'usage' | 'collect'
}

/** What a server has used since it was started. */
export interface Usage {
  /** Processor time of all its threads, in microseconds. */
  readonly cpu: number
  /** Memory that the operating system gave it, in bytes. */
  readonly rss: number
  /** Memory of living JavaScript objects, in bytes. */
  readonly heap: number
  /** Memory outside the heap that belongs to JavaScript objects, in bytes. */
  readonly external: number
}

/** What a server sends: where it listens, once, and answers. */
export type Message = { readonly url: string } | { readonly id: number; readonly usage: Usage }
