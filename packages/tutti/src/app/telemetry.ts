import type { HttpTelemetry } from '../http/index.ts'
import { milliseconds } from '../kernel/index.ts'
import {
  defaultRegistry,
  disabledTracer,
  hasTracerProvider,
  Tracing,
  type Logger,
  type LogRecord,
  type SpanRecord,
  type TelemetrySink,
  type TelemetrySource,
  type Tracer,
} from '../observe/index.ts'
import type { TelemetryStore } from '../telemetry/index.ts'
import { metricsPath } from './metrics-options.ts'
import type { TelemetryOptions, TelemetryStoreChoice } from './telemetry-options.ts'

/** What telemetry needs of the application. */
export interface TelemetryParts {
  readonly name: string
  readonly options: boolean | TelemetryOptions | undefined
  /** Where problems with sinks are said. */
  readonly log: () => Logger
}

/** Hands what the application tells about its work to whom it concerns: a local store, a collector. */
export class Telemetry {
  readonly enabled: boolean
  /** What sinks are opened with. */
  readonly source: TelemetrySource
  readonly options: TelemetryOptions
  readonly #log: () => Logger
  readonly #tracing: Tracing | undefined
  readonly #sinks: TelemetrySink[] = []
  readonly #failing = new Set<TelemetrySink>()
  #store: TelemetryStore | undefined
  #opening: Promise<void> | undefined
  #fetches: Promise<Disposable> | undefined
  #hears = false
  #reporting = false

  constructor({ name, options = true, log }: TelemetryParts) {
    this.enabled = options !== false
    this.options = typeof options === 'object' ? options : {}
    this.#log = log
    let measuring: Promise<void> | undefined
    this.source = {
      name,
      metrics: () => {
        // Of the process as well, from the next time on.
        measuring ??= import('../telemetry/index.ts').then(({ measureProcess }) => measureProcess())
        return defaultRegistry.collect()
      },
      report: (message, error) => this.#report(message, error),
    }
    if (!this.enabled) return
    const { sample = process.env['NODE_ENV'] === 'production' ? 0.1 : 1, slow = '1s' } = this.options
    this.#tracing = new Tracing({
      sample,
      slow: milliseconds(slow),
      payloads: this.options.payloads ?? false,
      receive: (spans) => this.#receive(spans),
    })
  }

  /** A tracer for the part of the application called `scope`; one that does nothing where telemetry is off. */
  tracer(scope: string): Tracer {
    return this.#tracing?.tracer(scope) ?? disabledTracer
  }

  /** How requests are observed; `undefined` where telemetry is off. `own` is where the probes and the Console are. */
  requests(own: readonly string[]): HttpTelemetry | undefined {
    const { exclude = [...own, metricsPath(this.options.metrics)] } = this.options
    return this.enabled ? { tracer: this.tracer('tutti.http'), exclude } : undefined
  }

  /** Adds somebody who gets spans and log lines from now on, and is flushed and closed at the end. */
  add(sink: TelemetrySink): void {
    this.#sinks.push(sink)
    if (sink.spans !== undefined) this.#listen()
    if (sink.log !== undefined) this.#hears = true
  }

  /** Begins to make spans, those of outgoing requests included. */
  #listen(): void {
    this.#tracing?.listen()
    // A trace that begins before it is loaded lacks them: better than a start that waits for it.
    this.#fetches ??= import('./observed-fetch.ts').then(({ observeFetch }) => observeFetch())
  }

  /** Whether a sink wants log lines. */
  get hears(): boolean {
    return this.#hears
  }

  /** Passes a log line on. */
  log(record: LogRecord): void {
    if (this.#reporting) return
    for (const sink of this.#sinks) this.#guard(sink, () => sink.log?.(record))
  }

  /** What is kept here for a while; `undefined` where nothing is. */
  get store(): TelemetryStore | undefined {
    return this.#store
  }

  /** Opens the exporter, if there is one: before everything else, so that it hears of all of it. */
  async open(): Promise<void> {
    if (!this.enabled) return
    if (hasTracerProvider()) this.#listen()
    await this.#openExport()
    await this.#fetches
  }

  /** Begins to keep telemetry where that is wanted. Nobody waits for it: requests are taken meanwhile. */
  keep({ listens }: { readonly listens: boolean }): void {
    const { store = listens && inDevelopment() } = this.options
    if (this.enabled && store !== false) this.#opening = this.#openStore(store === true ? {} : store)
  }

  async #openStore(choice: TelemetryStoreChoice): Promise<void> {
    const { openStoreOf } = await import('./open-telemetry-store.ts')
    try {
      this.#store = await openStoreOf(choice, this.source)
      this.add(this.#store)
    } catch (error) {
      // What is only looked at must not keep the application from starting.
      this.#report('Telemetry cannot be kept, so the Console has none to show.', error)
    }
  }

  async #openExport(): Promise<void> {
    const { export: choice } = this.options
    if (choice === undefined && !exportsByEnvironment()) return
    const { openExport } = await import('./open-export.ts')
    const sink = await openExport(choice, this.source)
    if (sink !== undefined) this.add(sink)
  }

  /** Hands over what is left and closes all sinks: after everything else. */
  async close(): Promise<void> {
    await this.#opening
    this.#tracing?.close()
    const fetches = await this.#fetches
    fetches?.[Symbol.dispose]()
    const ended = await Promise.allSettled(this.#sinks.map((sink) => sink.close()))
    for (const end of ended) if (end.status === 'rejected') this.#report('Telemetry could not be handed over at the end.', end.reason)
  }

  #receive(spans: readonly SpanRecord[]): void {
    for (const sink of this.#sinks) this.#guard(sink, () => sink.spans?.(spans))
  }

  /** What goes wrong in a sink must not harm the work that it is told about. */
  #guard(sink: TelemetrySink, pass: () => void): void {
    try {
      pass()
    } catch (error) {
      if (this.#failing.has(sink)) return
      this.#failing.add(sink)
      this.#report('Telemetry was lost: a sink has failed, which is said once.', error)
    }
  }

  /** Says something in the log without telling the sinks, which it is about. */
  #report(message: string, error: unknown): void {
    this.#reporting = true
    try {
      this.#log().warn(message, error === undefined ? {} : { error })
    } finally {
      this.#reporting = false
    }
  }
}

function inDevelopment(): boolean {
  const { NODE_ENV: environment = '' } = process.env
  return environment === '' || environment === 'development'
}

/** Whether the environment names a collector, and the application has not brought an SDK that sends to it already. */
function exportsByEnvironment(): boolean {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = '', OTEL_SDK_DISABLED: disabled = '' } = process.env
  return endpoint !== '' && disabled.toLowerCase() !== 'true' && !hasTracerProvider()
}
