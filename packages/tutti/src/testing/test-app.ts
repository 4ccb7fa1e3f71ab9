import type { App } from '../app/index.ts'
import { systemClock, type Clock, type Dependency } from '../kernel/index.ts'
import type { HttpContext } from '../http/index.ts'
import { testRequest, type CookieJar, type TestRequest, type TestRequestOptions } from './test-client.ts'

/** What a test app replaces. */
export interface TestAppOptions<C extends Clock> {
  /** The clock that the application goes by, such as `fakeClock()`. @default the real one */
  readonly clock?: C
  /** Dependencies and what takes their place: `[[db, fakeDb]]`. @default none */
  readonly overrides?: readonly (readonly [dependency: Dependency<unknown, HttpContext>, replacement: unknown])[]
  /** Sent with every request. @default none */
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a request; `t.post('/orders', { json: { … } })`. */
export type TestCall = (path: string, options?: TestRequestOptions) => TestRequest

/** A started application without sockets, and a client for it that keeps cookies. Stop it, or declare it with `await using`. */
export interface TestApp<C extends Clock> extends AsyncDisposable {
  readonly app: App
  readonly clock: C
  /** The cookies that the client keeps. */
  readonly cookies: CookieJar
  readonly get: TestCall
  readonly head: TestCall
  readonly post: TestCall
  readonly put: TestCall
  readonly patch: TestCall
  readonly delete: TestCall
  readonly options: TestCall
  /** Sends a web request as it is. */
  fetch(request: Request): Promise<Response>
  stop(): Promise<void>
}

/** Starts an application for tests: its hooks run, and requests reach it without sockets. */
export async function testApp<C extends Clock = Clock>(app: App, options: TestAppOptions<C> = {}): Promise<TestApp<C>> {
  if (options.clock !== undefined) app.useClock(options.clock)
  for (const [dependency, replacement] of options.overrides ?? []) app.override(dependency, replacement)
  await app.start()
  const cookies: CookieJar = new Map()
  const send = (request: Request): Promise<Response> => app.fetch(request)
  const call =
    (method: string): TestCall =>
    (path, own = {}) =>
      testRequest(send, cookies, { method, path, options: { ...own, headers: { ...options.headers, ...own.headers } } })
  return {
    app,
    clock: options.clock ?? (systemClock as C),
    cookies,
    get: call('GET'),
    head: call('HEAD'),
    post: call('POST'),
    put: call('PUT'),
    patch: call('PATCH'),
    delete: call('DELETE'),
    options: call('OPTIONS'),
    fetch: send,
    stop: () => app.stop(),
    [Symbol.asyncDispose]: () => app.stop(),
  }
}
