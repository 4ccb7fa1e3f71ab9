import type { LogRecord, SpanRecord, TelemetrySink, TelemetrySource } from 'tutti/telemetry'
import { Closing } from './closing.ts'
import { Delivery } from './delivery.ts'
import { OtlpExporter, type ExporterParts } from './exporter.ts'
import { Intake, type Pipe } from './intake.ts'
import { LogPipe, type ReadableLogRecord } from './log-pipe.ts'
import { countPoints, MetricPipe, type ResourceMetrics } from './metric-pipe.ts'
import { openTransport } from './open-transport.ts'
import { readableSpan } from './readable-span.ts'
import { describeProcess } from './resource.ts'
import { json, protobuf, type Serializer } from './serializers.ts'
import type { Settings, Signal } from './settings.ts'
import { SpanPipe, type ReadableSpan } from './span-pipe.ts'
import type { Transport } from './transport.ts'
import { Trouble } from './trouble.ts'

/** What is sent at a time. */
interface Batches {
  readonly traces: ReadableSpan[]
  readonly metrics: ResourceMetrics
  readonly logs: ReadableLogRecord[]
}

type Serializers = { readonly [S in Signal]: Serializer<Batches[S]> }
const serializers: Readonly<Record<'json' | 'protobuf', Serializers>> = { json, protobuf }

/** Opens what takes an application's telemetry to its collectors. Throws `TUTTI_PACKAGE_MISSING` where gRPC's package is not installed. */
export async function openSink(source: TelemetrySource, settings: Settings): Promise<TelemetrySink> {
  const transports = new Map<Signal, Transport>()
  for (const [signal, destination] of settings.destinations) transports.set(signal, await openTransport(signal, destination))
  return new OtlpSink(source, settings, transports)
}

/** The SDK's own limit of an export, far enough above ours that ours counts, and below what timers take. */
const sdkLimit = (giveUpAfter: number, timeout: number): number => Math.min(2 ** 31 - 1, giveUpAfter + 2 * timeout + 60_000)

class OtlpSink implements TelemetrySink {
  // There only where they are sent: what nobody takes need not be recorded.
  readonly spans?: (spans: readonly SpanRecord[]) => void
  readonly log?: (record: LogRecord) => void
  readonly #settings: Settings
  readonly #transports: ReadonlyMap<Signal, Transport>
  readonly #trouble: Trouble
  readonly #closing = new Closing()
  readonly #pipes: readonly Pipe[]
  #closed: Promise<void> | undefined

  constructor(source: TelemetrySource, settings: Settings, transports: ReadonlyMap<Signal, Transport>) {
    this.#settings = settings
    this.#transports = transports
    const trouble = new Trouble(source)
    this.#trouble = trouble
    const { spans, logs, interval, temporality, giveUpAfter, destinations } = settings
    const resource = describeProcess(source.name, settings.resource)
    const limit = (signal: Signal) => sdkLimit(giveUpAfter, destinations.get(signal)?.timeout ?? 0)

    const pipes: Pipe[] = []
    const spanExporter = this.#exporter('traces', { patience: giveUpAfter, isRepeated: false, size: (batch) => batch.length })
    if (spanExporter !== undefined) {
      const intake = new Intake('traces', spans, trouble)
      const convert = (span: SpanRecord) => readableSpan(span, resource)
      const pipe = new SpanPipe({ exporter: spanExporter, intake, convert, gathering: spans, longestExport: limit('traces') })
      pipes.push(pipe)
      this.spans = (records) => {
        if (this.#closed === undefined) pipe.take(records)
      }
    }
    const logExporter = this.#exporter('logs', { patience: giveUpAfter, isRepeated: false, size: (batch) => batch.length })
    if (logExporter !== undefined) {
      const intake = new Intake('logs', logs, trouble)
      const pipe = new LogPipe({ exporter: logExporter, intake, resource, gathering: logs, longestExport: limit('logs') })
      pipes.push(pipe)
      this.log = (record) => {
        if (this.#closed === undefined) pipe.take(record)
      }
    }
    const isRepeated = temporality === 'cumulative'
    const patience = isRepeated ? Math.max(0, interval - (destinations.get('metrics')?.timeout ?? 0)) : giveUpAfter
    const metricExporter = this.#exporter('metrics', { patience, isRepeated, size: countPoints })
    const collect = () => [...source.metrics(), trouble.snapshot()]
    if (metricExporter !== undefined) pipes.push(new MetricPipe({ exporter: metricExporter, resource, interval, temporality, collect }))
    this.#pipes = pipes
  }

  async flush(): Promise<void> {
    if (this.#closed !== undefined) return this.#closed
    await Promise.all(this.#pipes.map((pipe) => pipe.flush()))
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close())
  }

  async #close(): Promise<void> {
    await this.#closing.within(this.#settings.closeTimeout, () => Promise.all(this.#pipes.map((pipe) => pipe.close())))
    for (const transport of this.#transports.values()) transport.close()
    this.#trouble.end()
  }

  #exporter<S extends Signal>(
    signal: S,
    { patience, ...more }: { readonly patience: number } & Pick<ExporterParts<Batches[S]>, 'isRepeated' | 'size'>,
  ): OtlpExporter<Batches[S]> | undefined {
    const destination = this.#settings.destinations.get(signal)
    const transport = this.#transports.get(signal)
    if (destination === undefined || transport === undefined) return undefined
    const { protocol, timeout, url } = destination
    const trouble = this.#trouble
    const place = url.origin
    const delivery = new Delivery({
      transport,
      closing: this.#closing,
      timeout,
      patience,
      onFailing: (failed) => trouble.failing(signal, { place, ...failed }),
    })
    const serializer = serializers[protocol === 'http/json' ? 'json' : 'protobuf'][signal]
    return new OtlpExporter({ signal, place, serializer, delivery, trouble, ...more })
  }
}
