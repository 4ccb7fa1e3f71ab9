import { asApiError } from '../../api/problem.ts'
import { pathOf, sentOf, type Draft } from './request.ts'

/** What came back for a request. */
export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly text: string
  readonly took: number
  readonly bytes: number
  /** It is longer than is shown. */
  readonly cut: boolean
  /** The trace that the request is part of; `undefined` where its own header says so. */
  readonly traceId: string | undefined
}

/** A page shows so much of an answer, and asks for no more. */
const MOST = 1_000_000

/** Sends a request to the application, and shows its answer while it comes: streams go on until they are stopped. */
export class Exchange {
  answer = $state.raw<Answer>()
  problem = $state<string>()
  running = $state(false)
  #stopped = new AbortController()

  /** Resolves with the answer when it is complete, or stopped; `undefined` where none came. */
  async send(draft: Draft): Promise<Answer | undefined> {
    this.stop()
    const stopped = new AbortController()
    this.#stopped = stopped
    this.running = true
    this.problem = undefined
    this.answer = undefined
    try {
      await this.#receive(draft, stopped.signal)
    } catch (error) {
      if (stopped !== this.#stopped) return undefined
      if (!stopped.signal.aborted) this.problem = asApiError(error).message
    }
    if (stopped === this.#stopped) this.running = false
    return this.answer
  }

  stop(): void {
    this.#stopped.abort()
    this.running = false
  }

  async #receive(draft: Draft, signal: AbortSignal): Promise<void> {
    const start = performance.now()
    const { headers, body } = sentOf(draft)
    const traceId = Object.keys(headers).some((name) => name.toLowerCase() === 'traceparent') ? undefined : randomHex(16)
    // The request begins a trace that is kept, so that it can be looked at.
    const traced = traceId === undefined ? headers : { ...headers, traceparent: `00-${traceId}-${randomHex(8)}-01` }
    const response = await fetch(pathOf(draft), { method: draft.method, headers: traced, signal, ...(body !== undefined && { body }) })
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    const show = (): void => {
      const { status, statusText } = response
      const took = performance.now() - start
      this.answer = {
        status,
        statusText,
        headers: [...response.headers],
        text: text.slice(0, MOST),
        took,
        bytes,
        cut: text.length > MOST,
        traceId,
      }
    }
    show()
    for await (const chunk of chunksOf(response.body)) {
      bytes += chunk.byteLength
      text += decoder.decode(chunk, { stream: true })
      show()
      if (text.length > MOST) return this.#stopped.abort()
    }
  }
}

function randomHex(bytes: number): string {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (reader === undefined) return
  for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
}
