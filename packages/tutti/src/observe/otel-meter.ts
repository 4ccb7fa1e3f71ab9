import type { InstrumentOptions, Labels } from './meter.ts'
import type { ObservedDefinition, ValueSeries } from './metric-snapshot.ts'
import { meterProvider, type MeterProvider, type OtelMeter } from './open-telemetry.ts'

/** Opens an instrument of OpenTelemetry and gives the function that records to it. */
type Open = (meter: OtelMeter) => (value: number, labels: Labels) => void

/** Passes values on to OpenTelemetry's meter while a provider is registered. */
export class Forward {
  readonly #meter: string
  readonly #open: Open
  readonly #connected: () => void
  #provider: MeterProvider | undefined
  #record: ((value: number, labels: Labels) => void) | undefined

  /** `connected` is called when a provider is met for the first time. */
  constructor(meter: string, open: Open, connected: () => void) {
    this.#meter = meter
    this.#open = open
    this.#connected = connected
  }

  send(value: number, labels: Labels): void {
    const provider = meterProvider()
    if (provider === undefined) return
    if (provider !== this.#provider || this.#record === undefined) {
      this.#provider = provider
      this.#record = this.#open(provider.getMeter(this.#meter))
      this.#connected()
    }
    this.#record(value, labels)
  }
}

/** The unit and the description, as OpenTelemetry wants them. */
export function metricOptions({ description, unit }: InstrumentOptions): InstrumentOptions {
  return { ...(description === undefined ? {} : { description }), ...(unit === undefined ? {} : { unit }) }
}

/** Lets OpenTelemetry ask for values when it collects, for as long as its provider lives. */
export function observeValues(provider: MeterProvider, definition: ObservedDefinition, observe: () => readonly ValueSeries[]): void {
  const meter = provider.getMeter(definition.meter)
  const options = metricOptions(definition)
  const instrument =
    definition.kind === 'gauge'
      ? meter.createObservableGauge(definition.name, options)
      : meter.createObservableCounter(definition.name, options)
  instrument.addCallback((result) => {
    for (const { value, labels } of observe()) result.observe(value, labels)
  })
}
