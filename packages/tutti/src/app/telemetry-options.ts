import { bytes, milliseconds, OptionError, type Duration, type Size } from '../kernel/index.ts'
import type { TelemetryExport } from '../observe/index.ts'
import { checkMetricsOptions, type MetricsOptions } from './metrics-options.ts'

/** What the application tells about its work, and to whom. */
export interface TelemetryOptions {
  /**
   * The share of new traces that are kept, from 0 to 1. A trace that came in with a request or a message is kept where its caller keeps it.
   * @default 0.1 in production, else 1
   */
  readonly sample?: number
  /** From what duration on a trace is kept whatever `sample` says. Failed ones always are. @default '1s' */
  readonly slow?: Duration
  /**
   * Where traces, metrics and logs are sent: the URL of a collector, for which the package `@tutti/opentelemetry` is loaded, or an exporter.
   * @default `OTEL_EXPORTER_OTLP_ENDPOINT` in the environment, else nowhere
   */
  readonly export?: string | TelemetryExport
  /** Whether spans tell the data of commands, events and messages, secrets hidden. @default false */
  readonly payloads?: boolean
  /** Paths whose requests are neither traced nor counted, those below them included. @default the probes, `/metrics` and the Console */
  readonly exclude?: readonly string[]
  /**
   * The page of metrics for Prometheus, outside of middleware: on the application's port, or on one of its own. Without a token or a port
   * of its own whoever reaches the application may read it. @default true outside production, false in production
   */
  readonly metrics?: boolean | MetricsOptions
  /**
   * Whether spans, log lines and metrics are kept in a file of their own for a while, for the Console: nothing has to be installed.
   * @default true where the application listens in development, else false
   */
  readonly store?: boolean | TelemetryStoreChoice
}

/** Where telemetry is kept, and how much of it. */
export interface TelemetryStoreChoice {
  /** A file, or `:memory:`. @default `.tutti/<name>.telemetry.db` */
  readonly path?: string
  /** @default '3d' */
  readonly maxAge?: Duration
  /** @default '256mb' */
  readonly maxSize?: Size
}

const telemetryOptions: Readonly<Record<keyof TelemetryOptions, true>> = {
  sample: true,
  slow: true,
  export: true,
  payloads: true,
  exclude: true,
  metrics: true,
  store: true,
}

/** Throws an `OptionError` for options that do not exist or cannot be meant. */
export function checkTelemetryOptions(options: TelemetryOptions): void {
  for (const key of Object.keys(options)) {
    if (key in telemetryOptions) continue
    throw new OptionError(
      `new App({ telemetry }) received the option ${JSON.stringify(key)}, which does not exist; known are ${Object.keys(telemetryOptions).join(', ')}.`,
      { code: 'TUTTI_OPTION_UNKNOWN' },
    )
  }
  const { sample, slow, export: to, exclude = [], store, metrics } = options
  if (sample !== undefined && !(typeof sample === 'number' && sample >= 0 && sample <= 1))
    throw new OptionError(`new App({ telemetry: { sample } }) received ${JSON.stringify(sample)}; wanted a number from 0 to 1.`)
  if (slow !== undefined) milliseconds(slow)
  if (typeof metrics === 'object') checkMetricsOptions(metrics)
  if (typeof store === 'object') checkStore(store)
  if (typeof to === 'string' && !/^https?:$/.test(URL.parse(to)?.protocol ?? ''))
    throw new OptionError(
      'new App({ telemetry: { export } }) received a text that is no address of a collector; wanted one that begins with http:// or https://.',
    )
  const path = exclude.find((one) => !one.startsWith('/'))
  if (path !== undefined)
    throw new OptionError(`new App({ telemetry: { exclude } }) received ${JSON.stringify(path)}; wanted paths such as "/health".`)
}

function checkStore({ path, maxAge, maxSize }: TelemetryStoreChoice): void {
  if (path === '')
    throw new OptionError('new App({ telemetry: { store: { path } } }) received an empty text; wanted a file, or ":memory:".')
  if (maxAge !== undefined) milliseconds(maxAge)
  if (maxSize !== undefined) bytes(maxSize)
}
