import { Agent, get, type ClientRequest } from 'node:http'

interface LoadOptions {
  /** @default 8 */
  readonly connections?: number
  /** How long a client waits for an answer, in milliseconds. @default 30_000 */
  readonly patience?: number
}

/** What became of one attempt at a request. */
type Outcome = 'answered' | 'refused' | 'turned away' | 'lost with its connection'

/** Sends requests without pause over a number of kept connections, which it gives up when the server says so, until it is told to stop. */
export class Load {
  /** How many requests were answered, each once. */
  answered = 0
  /**
   * How many new connections were reset before a byte came back: while a server stops listening the kernel does so with those that it has
   * completed and nobody has accepted yet. No request began, as with a connection that is refused; the server's own count has to prove that.
   */
  turnedAway = 0
  readonly failures: string[] = []
  readonly #agent: Agent
  readonly #workers: Promise<void>[]
  readonly #patience: number
  #running = true

  constructor(url: string, { connections = 8, patience = 30_000 }: LoadOptions = {}) {
    this.#patience = patience
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
        const outcome = await this.#attempt(url)
        if (outcome === 'answered') this.answered++
        else if (outcome === 'turned away') this.turnedAway++
        else if (outcome === 'refused') return
      } catch (error) {
        this.failures.push(String(error))
      }
    }
  }

  #attempt(url: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      // A connection that was on its way to a process when that was killed may never be answered: that is a failure, not a test that hangs.
      const request = get(url, { agent: this.#agent, signal: AbortSignal.timeout(this.#patience) }, (response) => {
        response.once('error', reject)
        response.once('end', () => (response.statusCode === 200 ? resolve('answered') : reject(new Error(`status ${response.statusCode}`))))
        response.resume()
      })
      request.once('error', (error: NodeJS.ErrnoException) => {
        const outcome = outcomeOf(error, request)
        if (outcome === undefined) reject(error)
        else resolve(outcome)
      })
    })
  }
}

/** What an error says about a request of which nothing was answered; `undefined` where that is a failure. */
function outcomeOf({ code }: NodeJS.ErrnoException, request: ClientRequest): Outcome | undefined {
  if (code === 'ECONNREFUSED') return 'refused'
  if (code !== 'ECONNRESET' && code !== 'EPIPE') return undefined
  // A kept connection may be closed by the server at the very moment at which it is used again (RFC 9112 section 9.5): like any client,
  // this one sends its GET again then, as Node's documentation of `reusedSocket` says.
  if (request.reusedSocket) return 'lost with its connection'
  return request.socket?.bytesRead === 0 ? 'turned away' : undefined
}
