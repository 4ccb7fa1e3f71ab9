import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js'
import { retryDelayOf } from './retry-info.ts'
import type { Destination, Signal } from './settings.ts'
import type { Answer, Transport } from './transport.ts'

const methods: Readonly<Record<Signal, string>> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
}

/** OTLP 1.x, "Failures": everything else must not be sent again. */
const retryable: readonly status[] = [
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]

/** In the numbers of the library: the length of messages is in `grpc.default_compression_algorithm`'s own. */
const gzip = 2

const asItIs = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Sends by gRPC over one connection. */
export class GrpcTransport implements Transport {
  readonly #destination: Destination
  readonly #method: string
  readonly #client: Client

  constructor(destination: Destination, signal: Signal) {
    this.#destination = destination
    this.#method = methods[signal]
    const { url, tls, compression } = destination
    const { ca, key, cert } = tls
    const pem = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
    const secure = url.protocol === 'https:'
    this.#client = new Client(url.host, secure ? credentials.createSsl(pem(ca), pem(key), pem(cert)) : credentials.createInsecure(), {
      'grpc.primary_user_agent': 'tutti-opentelemetry',
      // What fails is tried again above this; here only connections are made again, soon enough for that.
      'grpc.enable_retries': 0,
      'grpc.initial_reconnect_backoff_ms': 500,
      'grpc.max_reconnect_backoff_ms': 5_000,
      ...(compression === 'gzip' && { 'grpc.default_compression_algorithm': gzip }),
    })
  }

  async send(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    try {
      const metadata = new Metadata()
      for (const [name, value] of Object.entries(await this.#destination.headers())) metadata.set(name, value)
      return await this.#call(body, metadata, signal)
    } catch (error) {
      return { outcome: 'later', reason: error instanceof Error ? error.message : String(error) }
    }
  }

  close(): void {
    this.#client.close()
  }

  #call(body: Uint8Array, metadata: Metadata, signal: AbortSignal): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    const deadline = Date.now() + this.#destination.timeout
    const call = this.#client.makeUnaryRequest(
      this.#method,
      asItIs,
      (bytes) => bytes,
      body,
      metadata,
      { deadline },
      (error, answer) => {
        signal.removeEventListener('abort', cancel)
        resolve(error === null ? { outcome: 'accepted', body: answer ?? new Uint8Array() } : answerTo(error))
      },
    )
    const cancel = (): void => call.cancel()
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    return promise
  }
}

function answerTo({ code, details, metadata }: ServiceError): Answer {
  const reason = `it answered ${status[code] ?? String(code)}${details === '' ? '' : `: ${details}`}`
  const [found] = metadata.get('grpc-status-details-bin')
  const after = typeof found === 'object' ? retryDelayOf(found) : undefined
  // A server that has run out of something says with RetryInfo that this will pass.
  if (retryable.includes(code) || (code === status.RESOURCE_EXHAUSTED && after !== undefined)) return { outcome: 'later', reason, after }
  return { outcome: 'refused', reason }
}
