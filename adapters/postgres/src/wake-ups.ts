import { createClient, type Client, type ConnectionConfig } from './client.ts'

/** What wake-ups are made with. */
export interface WakeUpsOptions {
  readonly config: ConnectionConfig
  readonly channel: string
  /** In milliseconds. */
  readonly connectTimeout: number
  /** How often a notification is sent at most, in milliseconds. @default 20 */
  readonly interval?: number
  /** Sends a notification. */
  send(channel: string, sender: string): Promise<unknown>
}

/**
 * Tells other processes that events were appended, and hears when they did. A notification is a statement of its own: within the commit it
 * would make all commits of the server wait for each other.
 */
export class WakeUps {
  readonly #options: WakeUpsOptions
  readonly #sender = crypto.randomUUID()
  #listener: (() => void) | undefined
  #client: Promise<void> | undefined
  #listening: Client | undefined
  #retry: NodeJS.Timeout | undefined
  #delay = 100
  #timer: NodeJS.Timeout | undefined
  #sending: Promise<unknown> | undefined
  #sentAt = 0
  #closed = false

  constructor(options: WakeUpsOptions) {
    this.#options = options
  }

  onWake(listener: () => void): void {
    this.#listener = listener
  }

  /** Listens from now on; a lost connection is made anew. */
  listen(): void {
    if (this.#listener === undefined || this.#closed) return
    this.#client ??= this.#connect()
  }

  /** Tells the others soon. */
  appended(): void {
    if (this.#timer !== undefined || this.#closed) return
    const { interval = 20 } = this.#options
    const wait = this.#sentAt + interval - performance.now()
    if (wait <= 0) this.#send()
    else this.#timer = setTimeout(() => this.#send(), wait)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retry)
    clearTimeout(this.#timer)
    if (this.#timer !== undefined) this.#send()
    await this.#sending
    await this.#client
    await this.#listening?.end()
  }

  #send(): void {
    this.#timer = undefined
    this.#sentAt = performance.now()
    // Whoever misses it finds the events when polling.
    this.#sending = this.#options.send(this.#options.channel, this.#sender).catch(() => undefined)
  }

  async #connect(): Promise<void> {
    const client = await createClient({
      ...this.#options.config,
      keepAlive: true,
      connectionTimeoutMillis: this.#options.connectTimeout,
      application_name: 'tutti-listener',
    })
    const lost = (): void => {
      if (this.#closed || this.#retry !== undefined) return
      this.#listening = undefined
      this.#retry = setTimeout(() => {
        this.#retry = undefined
        this.#client = this.#connect()
      }, this.#delay)
      this.#retry.unref()
      this.#delay = Math.min(this.#delay * 2, 5000)
    }
    client.on('error', lost)
    client.on('end', lost)
    client.on('notification', ({ payload }) => {
      if (payload !== this.#sender) this.#listener?.()
    })
    try {
      await client.connect()
      await client.query(`listen ${client.escapeIdentifier(this.#options.channel)}`)
      this.#listening = client
      this.#delay = 100
      // What was appended while nobody listened.
      this.#listener?.()
    } catch {
      lost()
    }
  }
}
