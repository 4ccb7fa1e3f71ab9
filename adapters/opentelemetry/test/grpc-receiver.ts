import { Metadata, Server, ServerCredentials, type sendUnaryData, type status, type ServerUnaryCall } from '@grpc/grpc-js'
import { readProtobuf, type Json, type Signal } from './otlp-messages.ts'

const services: Readonly<Record<Signal, string>> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
}

/** A status that a call ends with in place of being taken. */
export interface Refusal {
  readonly code: status
  readonly details?: string
  /** The `google.rpc.Status` that goes with it. */
  readonly status?: Buffer
}

/** A collector for tests: takes OTLP over gRPC, or answers as a test says. */
export class GrpcReceiver implements AsyncDisposable {
  readonly taken: { readonly signal: Signal; readonly message: Json; readonly metadata: Metadata }[] = []
  /** Ends the next calls, in turn. */
  readonly refusals: Refusal[] = []
  calls = 0
  port = 0
  readonly #server = new Server()

  /** Starts one; with a key and a certificate in TLS. */
  static async open(tls?: { readonly key: string; readonly cert: string }): Promise<GrpcReceiver> {
    const receiver = new GrpcReceiver()
    const asItIs = (bytes: Buffer): Buffer => bytes
    for (const [signal, service] of Object.entries(services) as [Signal, string][]) {
      const method = {
        path: `/${service}/Export`,
        requestStream: false,
        responseStream: false,
        requestSerialize: asItIs,
        requestDeserialize: asItIs,
        responseSerialize: asItIs,
        responseDeserialize: asItIs,
      } as const
      const handler = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => receiver.#handle(signal, call, done)
      receiver.#server.addService({ Export: method }, { Export: handler })
    }
    const pair = tls && { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }
    const credentials = pair === undefined ? ServerCredentials.createInsecure() : ServerCredentials.createSsl(null, [pair])
    receiver.port = await new Promise((resolve, reject) => {
      receiver.#server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error)))
    })
    return receiver
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown()
    return Promise.resolve()
  }

  #handle(signal: Signal, { request, metadata }: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void {
    this.calls++
    const refusal = this.refusals.shift()
    if (refusal === undefined) {
      this.taken.push({ signal, message: readProtobuf(signal, request), metadata })
      done(null, Buffer.alloc(0))
      return
    }
    const trailer = new Metadata()
    if (refusal.status !== undefined) trailer.set('grpc-status-details-bin', refusal.status)
    done({ code: refusal.code, details: refusal.details ?? '', metadata: trailer })
  }
}
