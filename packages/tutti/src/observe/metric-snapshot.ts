import type { InstrumentOptions, Labels } from './meter.ts'

/** How an instrument is known outside. */
export interface InstrumentDefinition extends InstrumentOptions {
  /** The meter that made it first. */
  readonly meter: string
  readonly name: string
  readonly kind: 'counter' | 'histogram' | 'gauge'
}

/** An instrument whose values are asked for when metrics are read. */
export type ObservedDefinition = InstrumentDefinition & { readonly kind: 'counter' | 'gauge' }

/** The value of one series of a counter or a gauge. */
export interface ValueSeries {
  readonly labels: Labels
  readonly value: number
}

/** The values of one series of a histogram. */
export interface HistogramValues {
  readonly labels: Labels
  /** How many values fell into each bucket, and last how many above all of them; not cumulative. */
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

/** What an instrument holds at one moment. */
export type MetricSnapshot = Omit<InstrumentDefinition, 'kind'> &
  (
    | { readonly kind: 'counter' | 'gauge'; readonly series: readonly ValueSeries[] }
    | { readonly kind: 'histogram'; readonly buckets: readonly number[]; readonly series: readonly HistogramValues[] }
  )
