import { AssertionError } from 'node:assert'
import { isDeepStrictEqual } from 'node:util'

/** What a test request sends besides its method and path. */
export interface TestRequestOptions {
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent urlencoded, or as multipart where it is a `FormData`. */
  readonly form?: Readonly<Record<string, string | readonly string[]>> | FormData
  /** Sent as it is. */
  readonly body?: string | Uint8Array<ArrayBuffer> | ReadableStream
  readonly query?: Readonly<Record<string, string | number | boolean | readonly (string | number | boolean)[] | undefined>>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** The response to a test request, with its body read. */
export interface TestResponse {
  readonly status: number
  readonly headers: Headers
  /** The body by its media type: parsed JSON, or text; `undefined` where there is none. */
  readonly body: unknown
  readonly text: string
  readonly bytes: Uint8Array
}

/** A request being put together; sent when it is awaited. */
export interface TestRequest extends PromiseLike<TestResponse> {
  header(name: string, value: string): TestRequest
  cookie(name: string, value: string): TestRequest
  query(values: NonNullable<TestRequestOptions['query']>): TestRequest
  json(value: unknown): TestRequest
  form(values: NonNullable<TestRequestOptions['form']>): TestRequest
  /** Fails with what was received where the status is another, or the body is not deeply equal to `body` if that is given. */
  expect(status: number, body?: unknown): TestRequest
  /** Fails where the header is another, or does not match. */
  expectHeader(name: string, value: string | RegExp): TestRequest
  /** Sends the request and gives the web response with its body unread: for streams and server-sent events. */
  stream(): Promise<Response>
}

/** Sends a web request into an application. */
export type Send = (request: Request) => Promise<Response>

/** Cookies that a client keeps between its requests, by name. */
export type CookieJar = Map<string, string>

interface Plan {
  readonly method: string
  readonly path: string
  readonly options: TestRequestOptions
  readonly cookies: Readonly<Record<string, string>>
  readonly checks: readonly ((response: TestResponse) => void)[]
}

/** A test request over `send`. */
export function testRequest(send: Send, jar: CookieJar, start: Pick<Plan, 'method' | 'path' | 'options'>): TestRequest {
  return new PlannedRequest(send, jar, { ...start, cookies: {}, checks: [] })
}

class PlannedRequest implements TestRequest {
  readonly #send: Send
  readonly #jar: CookieJar
  readonly #plan: Plan
  #sent: Promise<TestResponse> | undefined

  constructor(send: Send, jar: CookieJar, plan: Plan) {
    this.#send = send
    this.#jar = jar
    this.#plan = plan
  }

  header(name: string, value: string): TestRequest {
    return this.#with({ headers: { ...this.#plan.options.headers, [name]: value } })
  }

  cookie(name: string, value: string): TestRequest {
    return new PlannedRequest(this.#send, this.#jar, { ...this.#plan, cookies: { ...this.#plan.cookies, [name]: value } })
  }

  query(values: NonNullable<TestRequestOptions['query']>): TestRequest {
    return this.#with({ query: { ...this.#plan.options.query, ...values } })
  }

  json(value: unknown): TestRequest {
    return this.#with({ json: value })
  }

  form(values: NonNullable<TestRequestOptions['form']>): TestRequest {
    return this.#with({ form: values })
  }

  expect(status: number, ...rest: readonly unknown[]): TestRequest {
    return this.#check(({ status: received, body, text }) => {
      const shown = text.length > 2000 ? `${text.slice(0, 2000)}…` : text
      if (received !== status)
        fail(`${this.#name}: expected status ${status}, received ${received}: ${shown}`, { actual: received, expected: status })
      if (rest.length > 0 && !isDeepStrictEqual(plain(body), plain(rest[0])))
        fail(`${this.#name}: the body is another than expected`, { actual: body, expected: rest[0] })
    })
  }

  expectHeader(name: string, value: string | RegExp): TestRequest {
    return this.#check(({ headers }) => {
      const received = headers.get(name)
      const fits = received !== null && (typeof value === 'string' ? received === value : value.test(received))
      if (!fits)
        fail(`${this.#name}: expected the header ${name} to be ${String(value)}, received ${String(received)}`, {
          actual: received,
          expected: value,
        })
    })
  }

  stream(): Promise<Response> {
    return this.#exchange()
  }

  // oxlint-disable-next-line unicorn/no-thenable -- awaiting a request is what sends it
  then<A = TestResponse, B = never>(
    fulfilled?: ((response: TestResponse) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return (this.#sent ??= this.#receive()).then(fulfilled, rejected)
  }

  get #name(): string {
    return `${this.#plan.method} ${this.#plan.path}`
  }

  #with(options: TestRequestOptions): TestRequest {
    return new PlannedRequest(this.#send, this.#jar, { ...this.#plan, options: { ...this.#plan.options, ...options } })
  }

  #check(check: (response: TestResponse) => void): TestRequest {
    return new PlannedRequest(this.#send, this.#jar, { ...this.#plan, checks: [...this.#plan.checks, check] })
  }

  async #receive(): Promise<TestResponse> {
    const response = await this.#exchange()
    const bytes = new Uint8Array(await response.arrayBuffer())
    const text = new TextDecoder().decode(bytes)
    const received = { status: response.status, headers: response.headers, bytes, text, body: parse(text, response.headers) }
    for (const check of this.#plan.checks) check(received)
    return received
  }

  async #exchange(): Promise<Response> {
    const response = await this.#send(toRequest(this.#plan, this.#jar))
    for (const cookie of response.headers.getSetCookie()) keep(cookie, this.#jar)
    return response
  }
}

function toRequest({ method, path, options, cookies }: Plan, jar: CookieJar): Request {
  const url = new URL(path, 'http://localhost')
  for (const [name, value] of Object.entries(options.query ?? {})) {
    for (const item of Array.isArray(value) ? value : [value]) if (item !== undefined) url.searchParams.append(name, String(item))
  }
  const headers = new Headers(options.headers)
  const sent = Object.entries({ ...Object.fromEntries(jar), ...cookies }).map(([name, value]) => `${name}=${value}`)
  if (sent.length > 0 && !headers.has('cookie')) headers.set('cookie', sent.join('; '))
  const body = bodyOf(options, headers)
  return new Request(url, {
    method,
    headers,
    ...(body !== undefined && { body }),
    ...(body instanceof ReadableStream && { duplex: 'half' }),
    ...(options.signal && { signal: options.signal }),
  } as RequestInit)
}

function bodyOf(
  { json, form, body }: TestRequestOptions,
  headers: Headers,
): string | Uint8Array<ArrayBuffer> | FormData | URLSearchParams | ReadableStream | undefined {
  if (json !== undefined) {
    if (!headers.has('content-type')) headers.set('content-type', 'application/json')
    return JSON.stringify(json)
  }
  if (form instanceof FormData) return form
  if (form !== undefined)
    return new URLSearchParams(
      Object.entries(form).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : value.map((item) => [name, item]))),
    )
  return body
}

/** Keeps a cookie, or forgets it where it has expired. */
function keep(text: string, jar: CookieJar): void {
  const [pair = '', ...attributes] = text.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).trim()
  const gone = attributes.some((attribute) => /^\s*max-age\s*=\s*(?:0|-\d+)\s*$/i.test(attribute))
  if (gone) jar.delete(name)
  else jar.set(name, pair.slice(equals + 1).trim())
}

function parse(text: string, headers: Headers): unknown {
  if (text === '') return undefined
  return /^application\/(?:[^;]*\+)?json\b/.test(headers.get('content-type') ?? '') ? (JSON.parse(text) as unknown) : text
}

/** A value as JSON carries it, so that dates and left-out members compare as they arrive. */
function plain(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value) ?? 'null') as unknown)
}

function fail(message: string, { actual, expected }: { readonly actual: unknown; readonly expected: unknown }): never {
  throw new AssertionError({ message, actual, expected })
}
