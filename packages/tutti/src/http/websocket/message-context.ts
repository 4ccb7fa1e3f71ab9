import type { Actor, Baggage, Context, TraceContext } from '../../kernel/index.ts'
import { newId } from '../../kernel/index.ts'
import type { HttpContext } from '../context.ts'

/** The context in which one message is handled: that of the handshake, caused by the message. */
export class MessageContext implements Context {
  readonly #request: HttpContext
  readonly deadline = undefined
  #id: string | undefined

  constructor(request: HttpContext) {
    this.#request = request
  }

  get correlationId(): string {
    return this.#request.correlationId
  }

  /** The id of the message. */
  get causationId(): string {
    return (this.#id ??= newId())
  }

  get trace(): TraceContext | undefined {
    return this.#request.trace
  }

  get baggage(): Baggage | undefined {
    return this.#request.baggage
  }

  get tenant(): string | undefined {
    return this.#request.tenant
  }

  get actor(): Actor | undefined {
    return this.#request.actor
  }

  get signal(): AbortSignal {
    return this.#request.signal
  }
}
