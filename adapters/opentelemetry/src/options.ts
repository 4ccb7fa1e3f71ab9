import type { Duration } from 'tutti'

/** How telemetry is written for the collector. */
export type Protocol = 'http/protobuf' | 'http/json' | 'grpc'

/** Where telemetry goes and how. What is not given here is taken from OpenTelemetry's environment variables. */
export interface OpenTelemetryOptions {
  /**
   * The collector's address, such as `http://collector:4318`; `/v1/traces` and the like are added for HTTP.
   * @default `OTEL_EXPORTER_OTLP_ENDPOINT`, else port 4318 of this machine, or 4317 for gRPC
   */
  readonly url?: string
  /** For `'grpc'` the package `@grpc/grpc-js` must be installed. @default `OTEL_EXPORTER_OTLP_PROTOCOL`, else 'http/protobuf' */
  readonly protocol?: Protocol
  /** Sent with each request, such as an API key; a function is asked for each. @default `OTEL_EXPORTER_OTLP_HEADERS` */
  readonly headers?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
  /** @default `OTEL_EXPORTER_OTLP_COMPRESSION`, else 'none' */
  readonly compression?: 'gzip' | 'none'
  /** Certificates as PEM texts. @default the files that `OTEL_EXPORTER_OTLP_CERTIFICATE` and the like name */
  readonly tls?: TlsOptions
  /** What describes this process besides `service.name`, which is the application's name. Wins over `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resource?: Readonly<Record<string, string | number | boolean>>
  /** @default true, unless `OTEL_TRACES_EXPORTER` is `none` */
  readonly traces?: boolean
  /** @default true, unless `OTEL_METRICS_EXPORTER` is `none` */
  readonly metrics?: boolean
  /** @default true, unless `OTEL_LOGS_EXPORTER` is `none` */
  readonly logs?: boolean
  /** How often metrics are sent. @default `OTEL_METRIC_EXPORT_INTERVAL`, else '1m' */
  readonly interval?: Duration
  /** Whether counters and histograms tell sums since the start of the process, or what was added since the last time. @default `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE`, else 'cumulative' */
  readonly temporality?: 'cumulative' | 'delta'
  /** How long spans and log lines wait for others. @default `OTEL_BSP_SCHEDULE_DELAY` and `OTEL_BLRP_SCHEDULE_DELAY`, else '5s' and '1s' */
  readonly delay?: Duration
  /** How many are sent at a time at most. @default `OTEL_BSP_MAX_EXPORT_BATCH_SIZE` and `OTEL_BLRP_…`, else 512 */
  readonly batch?: number
  /** How many spans, and how many log lines, wait at most; what comes then is dropped and counted. @default `OTEL_BSP_MAX_QUEUE_SIZE` and `OTEL_BLRP_…`, else 8192 */
  readonly queue?: number
  /** How long one attempt may take. @default `OTEL_EXPORTER_OTLP_TIMEOUT`, else '10s' */
  readonly timeout?: Duration
  /** For how long something is tried again before it is given up. @default '5m' */
  readonly giveUpAfter?: Duration
  /** How long the application waits at its end for what is left to be taken. @default '5s' */
  readonly closeTimeout?: Duration
}

/** Certificates as PEM texts. */
export interface TlsOptions {
  /** The authorities that the collector's certificate may come from. */
  readonly ca?: string
  /** The client's certificate. */
  readonly cert?: string
  /** The key of the client's certificate. */
  readonly key?: string
}

/** Every option, so that one with another name is noticed. */
export const optionNames: Readonly<Record<keyof OpenTelemetryOptions, true>> = {
  url: true,
  protocol: true,
  headers: true,
  compression: true,
  tls: true,
  resource: true,
  traces: true,
  metrics: true,
  logs: true,
  interval: true,
  temporality: true,
  delay: true,
  batch: true,
  queue: true,
  timeout: true,
  giveUpAfter: true,
  closeTimeout: true,
}
