import { tracerProvider, type OtelTracer, type TracerProvider } from './open-telemetry.ts'
import { startOtelSpan } from './otel-span.ts'
import type { Span, SpanOptions, Tracer } from './tracer.ts'

const nothing = (): void => undefined

/** The span when nobody listens. */
export const disabledSpan: Span = {
  context: undefined,
  updateName: nothing,
  setAttribute: nothing,
  setStatus: nothing,
  recordError: nothing,
  addEvent: nothing,
  activate: (work, argument) => work(argument),
  end: nothing,
}

/** The tracer when telemetry is off. */
export const disabledTracer: Tracer = { enabled: false, startSpan: () => disabledSpan }

/** Whether the application has registered an SDK of OpenTelemetry for spans. */
export function hasTracerProvider(): boolean {
  return tracerProvider() !== undefined
}

/** A tracer for the part of the application called `name`. It listens to OpenTelemetry's global provider, whenever that is registered. */
export function createTracer(name: string): Tracer {
  return new GlobalTracer(name)
}

class GlobalTracer implements Tracer {
  readonly #name: string
  #provider: TracerProvider | undefined
  #tracer: OtelTracer | undefined

  constructor(name: string) {
    this.#name = name
  }

  get enabled(): boolean {
    return tracerProvider() !== undefined
  }

  startSpan(name: string, options?: SpanOptions): Span {
    const provider = tracerProvider()
    if (provider === undefined) return disabledSpan
    if (provider !== this.#provider || this.#tracer === undefined) {
      this.#tracer = provider.getTracer(this.#name)
      this.#provider = provider
    }
    return startOtelSpan(this.#tracer, name, options ?? {})
  }
}
