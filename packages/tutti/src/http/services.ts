import type { Background, Clock, Container, Context } from '../kernel/index.ts'
import type { ProtocolVerbs } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import type { ResponseCache } from './cache/response-cache.ts'
import type { BodyEncoding } from './body/encodings.ts'
import type { Encoder } from './encoder.ts'
import type { TrustedProxies } from './proxies.ts'
import type { HttpSource } from './source.ts'
import type { HttpTelemetry } from './telemetry-options.ts'

/** What the HTTP core needs from the application that it serves; `C` is the context of a request. */
export interface HttpServices<C extends Context> {
  readonly log: Logger
  readonly clock: Clock
  readonly dependencies: Container<C>
  readonly background: Background
  /** Where `send`, `ask` and `load` lead. */
  readonly verbs: ProtocolVerbs
  /** Where `sql` and `transaction` of handlers lead. */
  storage(): Storage
  /** Whose `X-Forwarded-*` headers are believed. */
  readonly proxies: TrustedProxies
  /** Keys for signed cookies: the first signs, all verify. */
  readonly cookieKeys: readonly string[]
  /** Media types that plain values can be answered in, in order of preference. */
  readonly encoders: readonly Encoder[]
  /** What picks among routes besides method, path, host and version, by name. */
  readonly constraints?: Readonly<Record<string, (source: HttpSource) => string | undefined>>
  /** Responses that routes keep. */
  readonly responses: ResponseCache
  /** The largest request body, in bytes, where a route says nothing else. */
  readonly bodyLimit: number
  /** The compressions of request bodies that are taken. */
  readonly bodyEncodings: readonly BodyEncoding[]
  /** How requests are observed; `undefined` where they are not. */
  readonly telemetry: HttpTelemetry | undefined
  /** Whether responses are checked against their schemas. */
  readonly validateResponses: boolean
}
