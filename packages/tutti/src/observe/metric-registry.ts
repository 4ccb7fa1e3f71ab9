import { OptionError } from '../kernel/index.ts'
import type { Observe } from './meter.ts'
import type { InstrumentDefinition, MetricSnapshot, ValueSeries } from './metric-snapshot.ts'
import { meterProvider, type MeterProvider } from './open-telemetry.ts'
import { observeGauge } from './otel-meter.ts'

interface Instrument {
  readonly definition: InstrumentDefinition
  snapshot(): MetricSnapshot
}

/** OpenTelemetry's rule for the names of instruments. */
const namePattern = /^[a-zA-Z][\w.\-/]{0,254}$/

/** Holds instruments by name, to be read as a whole. */
export class MetricRegistry {
  readonly #instruments = new Map<string, Instrument>()

  /** The instrument of that name, made if there is none. */
  instrument<I extends Instrument>(
    definition: InstrumentDefinition,
    create: () => I,
    isKind: (instrument: Instrument) => instrument is I,
  ): I {
    const { name, kind } = definition
    const found = this.#instruments.get(name)
    if (found !== undefined) {
      if (isKind(found)) return found
      throw new OptionError(
        `The ${kind} "${name}" was asked for, but that name belongs to a ${found.definition.kind}; wanted another name.`,
      )
    }
    if (!namePattern.test(name)) {
      const rule = 'a letter, then up to 254 letters, digits and "_", ".", "-", "/"'
      throw new OptionError(`Received ${JSON.stringify(name)} as the name of a ${kind}; wanted ${rule}.`)
    }
    const instrument = create()
    this.#instruments.set(name, instrument)
    return instrument
  }

  /** Adds somebody to ask for the values of a gauge. */
  gauge(definition: InstrumentDefinition, observe: Observe): Disposable {
    const gauge = this.instrument(definition, () => new Gauge(definition), isGauge)
    const end = gauge.add(observe)
    this.connect()
    return { [Symbol.dispose]: end }
  }

  /** Offers the gauges to OpenTelemetry when its provider was registered after they were made. Every new value and every `collect` does so too. */
  connect(): void {
    const provider = meterProvider()
    if (provider === undefined) return
    for (const instrument of this.#instruments.values()) {
      if (instrument instanceof Gauge) instrument.connect(provider)
    }
  }

  /** All instruments with their values now. */
  collect(): readonly MetricSnapshot[] {
    this.connect()
    return Array.from(this.#instruments.values(), (instrument) => instrument.snapshot())
  }
}

/** The registry of the process. */
export const defaultRegistry = new MetricRegistry()

const isGauge = (instrument: unknown): instrument is Gauge => instrument instanceof Gauge

class Gauge implements Instrument {
  readonly definition: InstrumentDefinition
  readonly #observers = new Set<Observe>()
  #provider: MeterProvider | undefined
  #failed = false

  constructor(definition: InstrumentDefinition) {
    this.definition = definition
  }

  add(observe: Observe): () => void {
    // The same function may be given twice, and each must be ended on its own.
    const observer: Observe = () => observe()
    this.#observers.add(observer)
    return () => void this.#observers.delete(observer)
  }

  connect(provider: MeterProvider): void {
    if (provider === this.#provider) return
    this.#provider = provider
    observeGauge(provider, this.definition, () => this.#observe())
  }

  snapshot(): MetricSnapshot {
    return { ...this.definition, kind: 'gauge', series: this.#observe() }
  }

  #observe(): ValueSeries[] {
    const series: ValueSeries[] = []
    for (const observe of this.#observers) {
      try {
        const observed = observe()
        if (typeof observed === 'number') series.push({ labels: {}, value: observed })
        else series.push(...observed)
      } catch (error) {
        this.#warn(error)
      }
    }
    return series
  }

  /** One failing gauge must not hide all others, nor stay unknown. */
  #warn(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    const reason = error instanceof Error ? error.message : typeof error
    process.emitWarning(`The gauge "${this.definition.name}" could not be observed: ${reason}.`, 'TuttiMetricWarning')
  }
}
