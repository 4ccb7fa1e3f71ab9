import { createMeter, inSpan, type BoundCounter, type BoundHistogram, type Tracer } from '../../observe/index.ts'
import type { HttpContext } from '../context.ts'

interface OpenConnections {
  readonly labels: Readonly<Record<string, string>>
  value: number
}

/** By path; applications of the process count together. */
const open = new Map<string, OpenConnections>()
let observing = false

/** Makes a span of each message that a WebSocket route handles, and counts its messages and connections. */
export class MessageObserver {
  readonly #path: string
  readonly #tracer: Tracer
  readonly #open: OpenConnections
  readonly #received: BoundCounter
  readonly #sent: BoundCounter
  readonly #durations: BoundHistogram

  constructor(path: string, tracer: Tracer) {
    this.#path = path
    this.#tracer = tracer
    const meter = createMeter('tutti.http')
    this.#open = open.get(path) ?? { labels: { 'http.route': path }, value: 0 }
    open.set(path, this.#open)
    if (!observing)
      meter.gauge('tutti.websocket.connections', () => open.values(), { description: 'Open WebSockets', unit: '{connection}' })
    observing = true
    const messages = meter.counter('tutti.websocket.messages', { description: 'Messages over WebSockets', unit: '{message}' })
    this.#received = messages.with({ 'http.route': path, direction: 'in' })
    this.#sent = messages.with({ 'http.route': path, direction: 'out' })
    this.#durations = meter
      .histogram('tutti.websocket.message.duration', { description: 'How long handlers of messages took', unit: 's' })
      .with({ 'http.route': path })
  }

  opened(): void {
    this.#open.value++
  }

  closed(): void {
    this.#open.value--
  }

  sent(): void {
    this.#sent.add(1)
  }

  /** Handles a message in a trace of its own, which points to the handshake: a connection may live for days. */
  async handle(ctx: HttpContext, work: () => unknown): Promise<void> {
    this.#received.add(1)
    const start = performance.now()
    try {
      await (this.#tracer.enabled ? inSpan(this.#tracer, this.#named(ctx), async () => work()) : work())
    } finally {
      this.#durations.record((performance.now() - start) / 1000)
    }
  }

  #named({ trace, id }: HttpContext) {
    return {
      name: `message ${this.#path}`,
      kind: 'server',
      root: true,
      links: trace === undefined ? [] : [trace],
      attributes: { 'http.route': this.#path, 'tutti.request.id': id },
    } as const
  }
}
