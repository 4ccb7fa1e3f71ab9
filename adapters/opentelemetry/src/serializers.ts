import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
  type ISerializer,
} from '@opentelemetry/otlp-transformer'

/** Writes requests of one signal, and reads what is answered to them. */
export interface Serializer<Batch> {
  write(batch: Batch): Uint8Array
  /** What of a request was not accepted though the rest was, and why. */
  rejected(answer: Uint8Array): { readonly count: number; readonly reason: string }
}

/** How OTLP is written in Protocol Buffers, over HTTP and gRPC. */
export const protobuf = {
  traces: serializer(ProtobufTraceSerializer, (partial) => partial.rejectedSpans),
  metrics: serializer(ProtobufMetricsSerializer, (partial) => partial.rejectedDataPoints),
  logs: serializer(ProtobufLogsSerializer, (partial) => partial.rejectedLogRecords),
}

/** How OTLP is written in JSON. */
export const json = {
  traces: serializer(JsonTraceSerializer, (partial) => partial.rejectedSpans),
  metrics: serializer(JsonMetricsSerializer, (partial) => partial.rejectedDataPoints),
  logs: serializer(JsonLogsSerializer, (partial) => partial.rejectedLogRecords),
}

function serializer<Batch, Partial extends { errorMessage?: string }>(
  library: ISerializer<Batch, { partialSuccess?: Partial }>,
  rejectedOf: (partial: Partial) => number | undefined,
): Serializer<Batch> {
  return {
    write: (batch) => library.serializeRequest(batch) ?? new Uint8Array(),
    rejected: (answer) => {
      const partial = answer.length === 0 ? undefined : read(library, answer)
      // JSON holds 64-bit numbers as texts.
      return { count: partial === undefined ? 0 : Number(rejectedOf(partial) ?? 0), reason: partial?.errorMessage ?? '' }
    },
  }
}

/** Collectors answer with anything; only what can be read counts. */
function read<Partial>(library: ISerializer<never, { partialSuccess?: Partial }>, answer: Uint8Array): Partial | undefined {
  try {
    return library.deserializeResponse(answer).partialSuccess ?? undefined
  } catch {
    return undefined
  }
}
