import type { App } from 'tutti'

/** What a visitor does: requests as they come over the network, only without one. */
export class Browser {
  readonly #app: Pick<App, 'fetch'>
  readonly #headers: Readonly<Record<string, string>>
  readonly #signal: AbortSignal

  constructor(app: Pick<App, 'fetch'>, headers: Readonly<Record<string, string>>, signal: AbortSignal) {
    this.#app = app
    this.#headers = headers
    this.#signal = signal
  }

  get<Body>(path: string): Promise<Body | undefined> {
    return this.#ask('GET', path)
  }

  post<Body>(path: string, json: unknown): Promise<Body | undefined> {
    return this.#ask('POST', path, json)
  }

  delete<Body>(path: string): Promise<Body | undefined> {
    return this.#ask('DELETE', path)
  }

  /** What was answered, in the shape that the route documents; `undefined` where it was refused. */
  async #ask<Body>(method: string, path: string, json?: unknown): Promise<Body | undefined> {
    const headers = { ...this.#headers, 'user-agent': 'shop-visitor', ...(json !== undefined && { 'content-type': 'application/json' }) }
    const request = new Request(`http://shop.example${path}`, {
      ...{ method, headers, signal: this.#signal },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    const response = await this.#app.fetch(request)
    const body: unknown = await response.json().catch(() => undefined)
    return response.ok ? (body as Body) : undefined
  }
}
