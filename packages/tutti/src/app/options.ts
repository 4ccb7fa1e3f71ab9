import type { Clock, Duration } from '../kernel/index.ts'
import type { BusOptions } from '../cqrs/index.ts'
import type { BrokerChoice } from './open-broker.ts'
import type { StorageChoice } from './open-storage.ts'
import type { RunsOptions } from './runs-options.ts'
import type { SchedulesOptions } from './schedules.ts'
import type { MessagesOptions } from './topics.ts'
import type { ConfigDefinition } from './config/define-config.ts'
import type { BodyEncoding, ConstraintOf, DocsOptions, Encoder, EngineOptions, ResponseCacheLimits, TrustProxy } from '../http/index.ts'
import type { HealthOptions } from './probes.ts'
import type { Logger, LogOptions } from '../observe/index.ts'
import { checkConsoleOptions, type ConsoleOptions } from './console/console-options.ts'
import { checkTelemetryOptions, type TelemetryOptions } from './telemetry-options.ts'
import { bodyEncodings, checkDocsOptions, checkTls } from '../http/index.ts'
import { bytes, milliseconds, OptionError, type RegisteredConfig, type Size } from '../kernel/index.ts'

/** How the application speaks HTTP. */
export interface HttpOptions extends EngineOptions {
  /** @default `PORT` in the environment, else 8000 */
  readonly port?: number
  /** @default `HOST` in the environment, else every address in production and this machine alone otherwise */
  readonly host?: string
  /** Which proxies in front are believed about the client's address. @default false */
  readonly trustProxy?: TrustProxy
  /** Keys for signed cookies: the first signs, all verify, so that keys can be rotated. */
  readonly cookieKeys?: readonly string[]
  /** The largest request body where a route says nothing else. @default '1mb' */
  readonly bodyLimit?: Size
  /**
   * The compressions of request bodies that are taken (`Content-Encoding`); others are answered with 415. Body limits count decompressed
   * bytes. @default gzip, br, deflate, zstd
   */
  readonly bodyEncodings?: readonly BodyEncoding[]
  /** Further media types for plain values, behind JSON. */
  readonly encoders?: readonly Encoder[]
  /** Constraints that routes can use, by name. */
  readonly constraints?: Readonly<Record<string, ConstraintOf>>
  /** How much the routes' `cache` option may keep in memory. */
  readonly responseCache?: ResponseCacheLimits
  /** Checks responses against their schemas and answers 500 where they do not fit. @default true outside production */
  readonly validateResponses?: boolean
}

/** What an `App` is made with. */
export interface AppOptions {
  /** Names the application in logs, traces and files. @default 'app' */
  readonly name?: string
  /** What dependencies get as `config`: a value, or a definition made with `defineConfig`, which is loaded and checked at the start. */
  readonly config?: RegisteredConfig | ConfigDefinition<RegisteredConfig>
  readonly log?: LogOptions | Logger
  readonly http?: HttpOptions
  /**
   * The API description (OpenAPI) at `/openapi.json` and a page to read and try it at `/docs`. `false` serves neither; options say
   * what it tells and where it is. @default true outside production, false in production
   */
  readonly docs?: boolean | DocsOptions
  /**
   * Probes for orchestrators: `/health` with all checks, `/health/live`, `/health/ready` and `/health/startup`, outside of middleware.
   * `false` serves none. @default true
   */
  readonly health?: boolean | HealthOptions
  /**
   * A web page at `/console` that shows what the application does and acts upon it. In development it answers this machine alone; in
   * production it is there only where its options say who may use it. @default true outside production, false in production
   */
  readonly console?: boolean | ConsoleOptions
  /** Traces, metrics and logs for others: which of them, and to whom. `false` switches all of it off. @default true */
  readonly telemetry?: boolean | TelemetryOptions
  /** How long requests and background work may go on after the application was told to stop. @default '30s' */
  readonly drainTimeout?: Duration
  /** Where events and state are kept: a storage, or a URL. @default `TUTTI_STORAGE` in the environment, else the file `.tutti/<name>.db` */
  readonly storage?: StorageChoice
  /**
   * Where async read models are kept, and where handlers of queries read: a storage, or a URL.
   * @default `TUTTI_READ_STORAGE` in the environment, else the same storage
   */
  readonly readStorage?: StorageChoice
  /** What carries messages: a broker, or a URL such as `postgres://…`. @default `TUTTI_BROKER` in the environment, else one in memory */
  readonly broker?: BrokerChoice
  /** How commands that functions handle are handled. */
  readonly commands?: BusOptions
  /** How queries are handled. */
  readonly queries?: BusOptions
  /** How messages are consumed. */
  readonly messages?: MessagesOptions
  /** How schedules are run. */
  readonly schedules?: SchedulesOptions
  /** How runs of workflows are executed. */
  readonly workflows?: RunsOptions
  /**
   * Serves with this many processes, which `listen` starts, or with as many as the machine can run at a time (`'auto'`). This process then
   * only looks after them: a dead one is replaced, SIGHUP and SIGUSR2 renew them one by one. 0 serves in this process. @default 0
   */
  readonly workers?: number | 'auto'
  readonly clock?: Clock
}

const appOptions: Readonly<Record<keyof AppOptions, true>> = {
  name: true,
  config: true,
  console: true,
  log: true,
  http: true,
  docs: true,
  storage: true,
  readStorage: true,
  broker: true,
  commands: true,
  queries: true,
  messages: true,
  schedules: true,
  workflows: true,
  drainTimeout: true,
  health: true,
  telemetry: true,
  workers: true,
  clock: true,
}

const httpOptions: Readonly<Record<keyof HttpOptions, true>> = {
  port: true,
  host: true,
  trustProxy: true,
  cookieKeys: true,
  bodyLimit: true,
  bodyEncodings: true,
  encoders: true,
  constraints: true,
  responseCache: true,
  validateResponses: true,
  headersTimeout: true,
  requestTimeout: true,
  keepAliveTimeout: true,
  idleTimeout: true,
  maxHeaderSize: true,
  maxHeaders: true,
  maxConnections: true,
  tls: true,
  http2: true,
  h2c: true,
}

/** Throws an `OptionError` for options that do not exist or cannot be meant. */
export function checkOptions(options: AppOptions): void {
  checkKeys('new App', options, appOptions)
  checkKeys('new App({ http })', options.http ?? {}, httpOptions)
  if (options.name !== undefined && !/^[\w.-]{1,64}$/.test(options.name)) {
    throw new OptionError(
      `new App received the name ${JSON.stringify(options.name)}; wanted up to 64 letters, digits, dots, dashes or underscores.`,
    )
  }
  if (options.docs !== undefined && typeof options.docs !== 'boolean') checkDocsOptions(options.docs)
  if (typeof options.health === 'object') checkHealthOptions(options.health)
  if (typeof options.console === 'object') checkConsoleOptions(options.console)
  if (typeof options.telemetry === 'object') checkTelemetryOptions(options.telemetry)
  if (options.http?.bodyLimit !== undefined) bytes(options.http.bodyLimit)
  if (options.http !== undefined) checkProtocols(options.http)
  const workers: unknown = options.workers ?? 0
  if (workers !== 'auto' && !(typeof workers === 'number' && Number.isInteger(workers) && workers >= 0 && workers <= 1024)) {
    throw new OptionError(
      `new App received ${JSON.stringify(workers)} workers; wanted "auto", or a whole number from 0 (this process serves) to 1024.`,
    )
  }
  for (const encoding of options.http?.bodyEncodings ?? []) {
    if (!bodyEncodings.includes(encoding)) {
      throw new OptionError(
        `new App({ http: { bodyEncodings } }) received ${JSON.stringify(encoding)}; wanted some of ${bodyEncodings.join(', ')}.`,
      )
    }
  }
}

function checkHealthOptions({ path, drainDelay }: HealthOptions): void {
  if (path !== undefined && !/^(?:\/[\w.~-]+)+$/.test(path))
    throw new OptionError(`new App({ health: { path } }) received ${JSON.stringify(path)}; wanted a path such as "/health".`)
  if (drainDelay !== undefined) milliseconds(drainDelay)
}

function checkProtocols({ tls, http2, h2c }: HttpOptions): void {
  if (tls !== undefined) checkTls(tls)
  if (http2 === true && tls === undefined)
    throw new OptionError(
      'new App({ http: { http2: true } }) needs tls as well: clients choose HTTP/2 in the TLS handshake. Without TLS use h2c.',
    )
  if (h2c === true && tls !== undefined)
    throw new OptionError('new App({ http }) received both tls and h2c; h2c is HTTP/2 without TLS. Leave one of them out.')
}

function checkKeys(where: string, received: object, known: Readonly<Record<string, true>>): void {
  for (const key of Object.keys(received)) {
    if (!(key in known)) {
      throw new OptionError(
        `${where} received the option ${JSON.stringify(key)}, which does not exist; known are ${Object.keys(known).join(', ')}.`,
        { code: 'TUTTI_OPTION_UNKNOWN' },
      )
    }
  }
}

/** The port to listen on: what was asked for, else `PORT` in the environment, else 8000. */
export function resolvePort(asked: number | undefined): number {
  const received = asked ?? process.env['PORT']
  if (received === undefined || received === '') return 8000
  const port = Number(received)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  const source = asked === undefined ? 'PORT in the environment' : 'listen'
  throw new OptionError(
    `${source} received the port ${JSON.stringify(received)}; wanted a whole number from 0 to 65535 (0 takes a free one).`,
  )
}

/** The host to listen on: what was asked for, else `HOST`, else all in production and loopback otherwise. */
export function resolveHost(asked: string | undefined): string | undefined {
  const host = asked ?? process.env['HOST']
  if (host !== undefined && host !== '') return host
  return process.env['NODE_ENV'] === 'production' ? undefined : '127.0.0.1'
}
