import { Agent as HttpAgent, request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Destination } from './settings.ts'
import type { Answer, Transport } from './transport.ts'

const compress = promisify(gzip)
/** How many requests of a signal are under way at a time. */
const mostConnections = 4
/** More of an answer is not read. */
const longestAnswer = 65_536
/** How much of an answer is shown in messages. */
const longestReason = 300
/** OTLP 1.x, "Failures": everything else must not be sent again. */
const retryable: readonly (number | undefined)[] = [429, 502, 503, 504]

/** Sends by HTTP/1.1 over connections that are kept. */
export class HttpTransport implements Transport {
  readonly #destination: Destination
  readonly #contentType: string
  readonly #agent: HttpAgent

  constructor(destination: Destination, contentType: string) {
    this.#destination = destination
    this.#contentType = contentType
    const options = { keepAlive: true, maxSockets: mostConnections }
    this.#agent = destination.url.protocol === 'https:' ? new HttpsAgent({ ...options, ...destination.tls }) : new HttpAgent(options)
  }

  async send(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    const { headers, compression } = this.#destination
    try {
      const bytes = compression === 'gzip' ? await compress(body) : body
      return await this.#exchange(bytes, {
        method: 'POST',
        agent: this.#agent,
        signal,
        headers: {
          'user-agent': 'tutti-opentelemetry',
          ...(await headers()),
          'content-type': this.#contentType,
          'content-length': bytes.length,
          ...(compression === 'gzip' && { 'content-encoding': 'gzip' }),
        },
      })
    } catch (error) {
      return { outcome: 'later', reason: signal.aborted ? 'it did not answer in time' : reasonOf(error) }
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  async #exchange(body: Uint8Array, options: RequestOptions): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const { url } = this.#destination
    const answered = (response: IncomingMessage): void => {
      response.on('error', reject)
      answerOf(response).then(resolve, reject)
    }
    const request: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options, answered) : httpRequest(url, options, answered)
    request.on('error', reject)
    request.end(body)
    return promise
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  const { statusCode: status = 0, headers } = response
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response as AsyncIterable<Uint8Array>) {
    parts.push(part)
    length += part.length
    if (length > longestAnswer) break
  }
  const body = Buffer.concat(parts)
  if (status >= 200 && status < 300) return { outcome: 'accepted', body: length > longestAnswer ? new Uint8Array() : body }
  const text = headers['content-type']?.includes('protobuf') === true ? '' : body.toString('utf8').trim().slice(0, longestReason)
  const reason = `it answered ${status}${text === '' ? '' : `: ${text}`}`
  return retryable.includes(status)
    ? { outcome: 'later', reason, after: retryAfter(headers['retry-after']) }
    : { outcome: 'refused', reason }
}

/** The milliseconds of a `Retry-After` header, which holds seconds or a date. */
function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined
  const time = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(time) ? Math.max(0, time) : undefined
}

/** Why something failed: the text of an error, or those of all addresses that were tried. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join(', ')
  return error instanceof Error && error.message !== '' ? error.message : String(error)
}
