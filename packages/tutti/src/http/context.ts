import type { IncomingHttpHeaders } from 'node:http'
import {
  newId,
  unspannedContext,
  type Actor,
  type Baggage,
  type Context,
  type Dependency,
  type RequestScope,
  type TraceContext,
} from '../kernel/index.ts'
import { Accepted, type Sendable, type Verbs } from '../message/index.ts'
import { parseBaggage, parseTraceparent, type Logger, type Span } from '../observe/index.ts'
import type { SqlDatabase, Storage, Transaction } from '../storage/index.ts'
import { parseCookies, serializeCookie, unsignCookie, type CookieOptions } from './cookies.ts'
import { clientCertificateOf, type ClientCertificate } from './engine/certificate.ts'
import { watchClientEnd } from './engine/client-end.ts'
import { preferredWait, sendDefaults } from './command-headers.ts'
import { HttpHeaders } from './headers.ts'
import { parseQuery, type Query } from './query.ts'
import type { MatchedRoute } from './matched-route.ts'
import type { HttpResponse } from './response.ts'
import type { HttpServices } from './services.ts'
import { rawHeader, rawHeaders, type HttpExchange, type HttpSource } from './source.ts'

/** Fills a validated part of the request in; for the pipeline alone. */
export const fill: unique symbol = Symbol('fill')
/** What observes the request; for the HTTP core alone. */
export const observe: unique symbol = Symbol('observe')
/** What the handling of the request shares; for the HTTP core alone. */
export const services: unique symbol = Symbol('services')

interface Parts {
  params: unknown
  query: unknown
  headers: unknown
  cookies: unknown
  body: unknown
  deps: unknown
}

/** Observes one request until its response is there. */
export interface Observation {
  readonly span: Span
  /** Takes the response, and ends with it. */
  end(response: HttpResponse): HttpResponse
}

type CarriedOut = readonly [command: object, accepted: Accepted]

const noParams: Readonly<Record<string, string>> = Object.freeze({})
const idPattern = /^[\w.:/+=@-]{1,128}$/

/**
 * One request, and everything a handler or a middleware can do with it. Members are worked out when they are first read,
 * so they may be destructured, and cost nothing when they are not used.
 */
export class HttpContext<
  Params = Readonly<Record<string, string>>,
  QueryType = Query,
  Headers = IncomingHttpHeaders,
  Cookies = Readonly<Record<string, string>>,
  Body = unknown,
  Deps = unknown,
> implements Context {
  /** The request as the engine received it. One without a body has ended from the start: read it, do not wait for its `end`. */
  readonly source: HttpSource
  /** Where the response goes. */
  readonly exchange: HttpExchange
  readonly method: string
  /** The path as received, undecoded, without the query. */
  readonly path: string
  /** The query as received, without `?`. */
  readonly queryString: string
  readonly [services]: HttpServices<HttpContext>
  /** The route that matched; `undefined` where none did. */
  route: MatchedRoute | undefined
  /** Path parameters as the router decoded them, before any schema. */
  pathParams: Readonly<Record<string, string>>
  /** What the handler or a guard threw, once it has been answered. */
  error: unknown
  /** Who calls; set by a guard or a middleware. */
  actor: Actor | undefined
  /** Whose data this is about; set by a guard or a middleware. */
  tenant: string | undefined
  deadline: number | undefined
  /** The most bytes of body that are read where the route itself sets no limit; set by the `bodyLimit` middleware. */
  bodyLimit: number | undefined
  #parts: Partial<Parts> | undefined
  #id: string | undefined
  #trace: TraceContext | undefined
  #traceRead = false
  #observation: Observation | undefined
  /** `null` where there is none. */
  #baggage: Baggage | null | undefined
  #abort: AbortController | undefined
  #headers: HttpHeaders | undefined
  #scope: RequestScope<HttpContext> | undefined
  #sent = 0
  #log: Logger | undefined
  #unsettled = false
  #transactions = 0
  /** What was carried out in transactions that have not committed yet. */
  #uncommitted: CarriedOut[] | undefined

  constructor(source: HttpSource, exchange: HttpExchange, shared: HttpServices<HttpContext>) {
    this.source = source
    this.exchange = exchange
    this[services] = shared
    this.method = source.method ?? 'GET'
    const target = source.url ?? '/'
    const mark = target.indexOf('?')
    this.path = mark < 0 ? target : target.slice(0, mark)
    this.queryString = mark < 0 ? '' : target.slice(mark + 1)
    this.route = undefined
    this.pathParams = noParams
    this.error = undefined
    this.actor = undefined
    this.tenant = undefined
    this.deadline = undefined
    this.bodyLimit = undefined
  }

  /** The context as its HTTP request, where it is one. */
  static of(context: Context | undefined): HttpContext | undefined {
    const origin = context === undefined ? undefined : unspannedContext(context)
    return origin instanceof HttpContext ? origin : undefined
  }

  [fill](part: keyof Parts, value: unknown): void {
    const parts = (this.#parts ??= {
      params: undefined,
      query: undefined,
      headers: undefined,
      cookies: undefined,
      body: undefined,
      deps: undefined,
    })
    parts[part] = value
  }

  /** Path parameters, decoded; validated where the route has a schema. */
  get params(): Params {
    return (this.#parts?.params ?? this.pathParams) as Params
  }

  /** Query parameters; a key that is repeated gives an array. */
  get query(): QueryType {
    return (this.#parts?.query ?? this.#part('query', parseQuery(this.queryString))) as QueryType
  }

  /** Request headers by lower-case name. */
  get headers(): Headers {
    return (this.#parts?.headers ?? this.source.headers) as Headers
  }

  /** Request cookies; where a name is repeated the first one counts. */
  get cookies(): Cookies {
    return (this.#parts?.cookies ?? this.#part('cookies', parseCookies(this.source.headers.cookie))) as Cookies
  }

  /** The request body as the route declares it; `undefined` where there is none. */
  get body(): Body {
    return this.#parts?.body as Body
  }

  /** The dependencies that the route declares. */
  get deps(): Deps {
    return (this.#parts?.deps ?? {}) as Deps
  }

  /** Names this request in logs, traces and problem documents: a well-formed `X-Request-Id` from a trusted proxy, else a new UUIDv7. */
  get id(): string {
    if (this.#id === undefined) {
      const given = rawHeader(this.source.rawHeaders, 'x-request-id')
      this.#id =
        given !== undefined && idPattern.test(given) && this[services].proxies.trusts(this.source.socket.remoteAddress) ? given : newId()
    }
    return this.#id
  }

  get correlationId(): string {
    return this.id
  }

  get causationId(): string {
    return this.id
  }

  /** What observes the request; set before anything else looks at it. */
  get [observe](): Observation | undefined {
    return this.#observation
  }

  set [observe](observation: Observation | undefined) {
    this.#observation = observation
    this.#traceRead = false
  }

  /** The request's place in a distributed trace: that of its span, else the caller's, from `traceparent`. */
  get trace(): TraceContext | undefined {
    if (!this.#traceRead) {
      this.#traceRead = true
      this.#trace = this.#observation?.span.context
      if (this.#trace !== undefined) return this.#trace
      const header = rawHeader(this.source.rawHeaders, 'traceparent')
      this.#trace = header === undefined ? undefined : parseTraceparent(header, rawHeader(this.source.rawHeaders, 'tracestate'))
    }
    return this.#trace
  }

  set trace(trace: TraceContext | undefined) {
    this.#traceRead = true
    this.#trace = trace
  }

  /** What callers say along the whole way of a request, from `baggage`: facts for programs, which anybody may have written. */
  get baggage(): Baggage | undefined {
    if (this.#baggage === undefined) {
      const header = rawHeaders(this.source.rawHeaders, 'baggage')
      this.#baggage = (header === undefined ? undefined : parseBaggage(header)) ?? null
    }
    return this.#baggage ?? undefined
  }

  /** Fires when the client goes away before the response is complete, when a time-out passes, or when the server gives up waiting on shutdown. */
  get signal(): AbortSignal {
    return this.#controller().signal
  }

  /** Fires `signal`. */
  abort(reason: unknown): void {
    this.#controller().abort(reason)
  }

  /** The logger of this request: every line carries its ids. */
  get log(): Logger {
    return (this.#log ??= this[services].log)
  }

  /** The full URL, as the client sees it behind trusted proxies. */
  get url(): URL {
    // As one text: a path such as //elsewhere.example, resolved against a base, would name another host.
    return new URL(`${this.protocol}://${this.host}${this.path}${this.queryString === '' ? '' : `?${this.queryString}`}`)
  }

  /** `http` or `https`, as the client sees it behind trusted proxies. */
  get protocol(): 'http' | 'https' {
    return this[services].proxies.protocol(this.source)
  }

  /** Host and port that the client asked for, as it sees it behind trusted proxies. */
  get host(): string {
    return this[services].proxies.host(this.source)
  }

  /** The client's address, as seen behind trusted proxies. */
  get ip(): string {
    return this[services].proxies.address(this.source)
  }

  /** The certificate that the client showed (mTLS); `undefined` where it showed none, or none was asked for. */
  get clientCertificate(): ClientCertificate | undefined {
    return clientCertificateOf(this.source.socket)
  }

  /** The id of the last event that a reconnecting event stream has seen. */
  get lastEventId(): string | undefined {
    return rawHeader(this.source.rawHeaders, 'last-event-id')
  }

  /** Whether a command was carried out that read models do not show yet, although the client prefers to wait for them. */
  get unsettled(): boolean {
    return this.#unsettled
  }

  /** Headers that are added to whatever response this request gets, errors included. */
  get responseHeaders(): HttpHeaders {
    return (this.#headers ??= new HttpHeaders())
  }

  /** Whether anything was put into `responseHeaders`. */
  get hasResponseHeaders(): boolean {
    return this.#headers !== undefined
  }

  /** The value of a signed cookie; `undefined` where it is missing or its signature is not ours. */
  get signedCookie(): (name: string) => string | undefined {
    return (name) => unsignCookie(name, parseCookies(this.source.headers.cookie)[name], this[services].cookieKeys)
  }

  /**
   * Sends a command. `Idempotency-Key` in the request makes commands of aggregates idempotent, and `If-Match` with a version or `*` says
   * what the first one expects, where the command itself says nothing. With `Prefer: wait=5` read models are waited for that long.
   */
  get send(): Verbs['send'] {
    return (command) => {
      const sent = this[services].verbs.sendWith(command, sendDefaults(this.source, this.#sent++))
      return preferredWait(this.source) === undefined ? sent : this.#settled(command, sent)
    }
  }

  /** Asks a query. */
  get ask(): Verbs['ask'] {
    return (query) => this[services].verbs.ask(query)
  }

  /** The state of an aggregate, and its version as `ETag` of the response. Throws 404 where it does not exist. */
  get load(): Verbs['load'] {
    return async (aggregate, id, options) => {
      const { verbs } = this[services]
      const found = await verbs.inspect(aggregate, id, options)
      if (found === undefined) return verbs.load(aggregate, id, options)
      if (!this.responseHeaders.has('etag')) this.responseHeaders.set('etag', `"${found.version}"`)
      return found.state
    }
  }

  /** The state of an aggregate; `undefined` where it does not exist. */
  get find(): Verbs['find'] {
    return (aggregate, id, options) => this[services].verbs.find(aggregate, id, options)
  }

  /** Waits until a read model has handled everything up to a position: read your own writes. Throws 504 where it takes too long. */
  get waitFor(): Verbs['waitFor'] {
    return (projection, position, options) => this[services].verbs.waitFor(projection, position, { signal: this.signal, ...options })
  }

  /** What a read model holds. */
  get view(): Verbs['view'] {
    return (projection) => this[services].verbs.view(projection)
  }

  /** Publishes a message; within a transaction it leaves with the commit. */
  get publish(): Verbs['publish'] {
    return (topic, data, options) => this[services].verbs.publish(topic, data, options)
  }

  /** Starts a run of a workflow, once for each id. */
  get run(): Verbs['run'] {
    return (workflow, input, options) => this[services].verbs.run(workflow, input, options)
  }

  /** What holds on to a run of a workflow: to ask for its status and result, to signal and to cancel it. */
  get getRun(): Verbs['getRun'] {
    return (workflow, id) => this[services].verbs.getRun(workflow, id)
  }

  /** Sends a command at a time, or after a while. */
  get later(): Verbs['later'] {
    return (when, command, options) => this[services].verbs.later(when, command, options)
  }

  /** The user's own tables, beside the events. Joins a transaction that is going on. */
  get sql(): SqlDatabase {
    return this[services].storage().sql
  }

  /** Commits what `work` did when it resolves, and rolls back when it throws: commands, `sql` and documents that are used meanwhile join. */
  get transaction(): Storage['transaction'] {
    return (work) => this.#transact(work)
  }

  /** Sends a cookie with the response. Defaults: `Path=/`, `HttpOnly`, `SameSite=Lax`, and `Secure` on https. */
  get setCookie(): (name: string, value: string, options?: CookieOptions) => void {
    return (name, value, options) => {
      const secure = options?.secure ?? this.protocol === 'https'
      this.responseHeaders.append('set-cookie', serializeCookie(name, value, { ...options, secure, keys: this[services].cookieKeys }))
    }
  }

  /** Tells the client to forget a cookie; path and domain must be those it was set with. */
  get clearCookie(): (name: string, options?: CookieOptions) => void {
    return (name, options) => this.setCookie(name, '', { ...options, signed: false, maxAge: 0, expires: new Date(0) })
  }

  /** Forgets the responses that were kept under one of these tags; without tags all of them. */
  get invalidate(): (...tags: readonly string[]) => void {
    return (...tags) => this[services].responses.invalidate(...tags)
  }

  /** Does work after the response, in this request's context; shutdown waits for it. */
  get defer(): (work: (signal: AbortSignal) => unknown, name?: string) => void {
    return (work, name) => this[services].background.defer(work, name)
  }

  /** The value of a dependency, at once where it exists: for guards and middleware, which have no `deps` of their own. */
  get resolve(): <T>(dependency: Dependency<T, HttpContext>) => T | Promise<T> {
    return (dependency) => this[services].dependencies.resolve(dependency, this.scope)
  }

  /** The scope in which this request's dependencies live. */
  get scope(): RequestScope<HttpContext> {
    // Dependencies see a request in its general form, whatever its route makes of the parts.
    return (this.#scope ??= this[services].dependencies.requestScope(this as unknown as HttpContext))
  }

  /** The scope, where something was resolved in it. */
  get openScope(): RequestScope<HttpContext> | undefined {
    return this.#scope
  }

  #controller(): AbortController {
    if (this.#abort === undefined) {
      const controller = new AbortController()
      this.#abort = controller
      const { exchange } = this
      const gone = (): void => {
        if (!exchange.writableFinished || exchange.writableEnded === false)
          controller.abort(new Error('The client went away before the response was complete.'))
      }
      exchange.once('close', gone)
      // A client that closes its sending half has mostly gone; the few that wait for their response still get what the handler returns.
      exchange.once('clientEnd', gone)
      watchClientEnd(this.source)
      if (this.source.socket.readableEnded === true) gone()
    }
    return this.#abort
  }

  #part(part: keyof Parts, value: unknown): unknown {
    this[fill](part, value)
    return value
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const sent = this.#sent
    const uncommitted = this.#uncommitted?.length ?? 0
    this.#transactions++
    let result: T
    try {
      result = await this[services].storage().transaction(work)
    } catch (error) {
      // What was rolled back was never sent: when it is done again its commands have the same keys.
      this.#sent = sent
      this.#uncommitted?.splice(uncommitted)
      throw error
    } finally {
      this.#transactions--
    }
    const carriedOut = this.#transactions === 0 ? (this.#uncommitted ?? []).splice(0) : []
    if (carriedOut.length > 0) await this.#settle(carriedOut)
    return result
  }

  async #settled<Result>(command: Sendable<Result>, sent: Promise<Result>): Promise<Result> {
    const result = await sent
    if (!(result instanceof Accepted)) return result
    // Nothing can follow what has not been committed.
    if (this.#transactions > 0) (this.#uncommitted ??= []).push([command, result])
    else await this.#settle([[command, result]])
    return result
  }

  /** Waits for read models, as long as the client prefers to. */
  async #settle(carriedOut: readonly CarriedOut[]): Promise<void> {
    const seconds = preferredWait(this.source) ?? 0
    const { verbs } = this[services]
    const settled = await Promise.all(carriedOut.map(([command, accepted]) => verbs.settled(command, accepted, seconds * 1000)))
    if (settled.every((one) => one)) this.responseHeaders.set('preference-applied', `wait=${seconds}`)
    else this.#unsettled = true
  }
}
