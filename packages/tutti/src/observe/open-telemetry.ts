import type * as Api from '@opentelemetry/api'

export type {
  Attributes,
  Meter as OtelMeter,
  MeterProvider,
  Span as OtelSpan,
  Tracer as OtelTracer,
  TracerProvider,
} from '@opentelemetry/api'

/** Where every copy of @opentelemetry/api 1.x keeps what an SDK registers. */
const registryKey: unique symbol = Symbol.for('opentelemetry.js.api.1')

interface Registered {
  readonly trace?: Api.TracerProvider
  readonly metrics?: Api.MeterProvider
}

// Reading the registry, instead of asking the API, neither loads the API nor fails when the SDK came with another minor version of it.
const globals: { readonly [registryKey]?: Registered } & typeof globalThis = globalThis

/** Who listens to spans: an SDK's provider, or `undefined` when there is none. Two property reads. */
export function tracerProvider(): Api.TracerProvider | undefined {
  return globals[registryKey]?.trace
}

/** Who listens to metrics: an SDK's provider, or `undefined` when there is none. Two property reads. */
export function meterProvider(): Api.MeterProvider | undefined {
  return globals[registryKey]?.metrics
}

let api: typeof Api | undefined

/** The API itself; it costs 15 ms to load, so that happens with the first span that somebody listens to. */
export function openTelemetry(): typeof Api {
  return (api ??= loadApi())
}

function loadApi(): typeof Api {
  return process.getBuiltinModule('node:module').createRequire(import.meta.url)('@opentelemetry/api')
}
