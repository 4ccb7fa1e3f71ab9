import { Agent, get } from 'node:http'

/** How long a client waits for an answer, in milliseconds. */
const patience = 8000

/** Sends requests without pause over a number of kept connections, which it gives up when the server says so, until it is told to stop. */
export class Load {
  answered = 0
  readonly failures: string[] = []
  readonly #agent: Agent
  readonly #workers: Promise<void>[]
  #running = true

  constructor(url: string, connections = 8) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
    this.#workers = Array.from({ length: connections }, () => this.#work(url))
  }

  /** Sends nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#running = false
    await Promise.all(this.#workers)
    this.#agent.destroy()
  }

  async #work(url: string): Promise<void> {
    while (this.#running) {
      try {
        await this.#one(url)
        this.answered++
      } catch (error) {
        // A server that has stopped accepting refuses a new connection; no request is lost by that.
        if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return
        this.failures.push(String(error))
      }
    }
  }

  /**
   * A kept connection may be closed by the server at the very moment at which it is used again (RFC 9112 section 9.5): like any client,
   * this one repeats its GET then, once, as Node's documentation of `reusedSocket` says.
   */
  #one(url: string, mayRepeat = true): Promise<void> {
    return new Promise((resolve, reject) => {
      // A connection that was on its way to a process when that was killed may never be answered: that is a failure, not a test that hangs.
      const request = get(url, { agent: this.#agent, signal: AbortSignal.timeout(patience) }, (response) => {
        response.once('error', reject)
        response.once('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`))))
        response.resume()
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        if (mayRepeat && request.reusedSocket && error.code === 'ECONNRESET') this.#one(url, false).then(resolve, reject)
        else reject(error)
      })
    })
  }
}
