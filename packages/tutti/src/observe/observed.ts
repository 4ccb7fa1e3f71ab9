import type { Observe } from './meter.ts'
import type { MetricSnapshot, ObservedDefinition, ValueSeries } from './metric-snapshot.ts'
import type { MeterProvider } from './open-telemetry.ts'
import { observeValues } from './otel-meter.ts'
import { mostSeries, warnOfOverflow } from './series.ts'

/** A gauge, or a counter that somebody else keeps: its values are asked for when metrics are read. */
export class Observed {
  readonly definition: ObservedDefinition
  readonly #observers = new Set<Observe>()
  #provider: MeterProvider | undefined
  #failed = false
  #overflowed = false

  constructor(definition: ObservedDefinition) {
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
    observeValues(provider, this.definition, () => this.#observe())
  }

  snapshot(): MetricSnapshot {
    return { ...this.definition, series: this.#observe() }
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
    if (series.length <= mostSeries) return series
    if (!this.#overflowed) warnOfOverflow(this.definition.name)
    this.#overflowed = true
    return series.slice(0, mostSeries)
  }

  /** One that fails must not hide all others, nor stay unknown. */
  #warn(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    const { kind, name } = this.definition
    const reason = error instanceof Error ? error.message : typeof error
    process.emitWarning(`The ${kind} "${name}" could not be observed: ${reason}.`, 'TuttiMetricWarning')
  }
}
