/** What tells the series of an instrument apart: few names with few values each, never an id of a user or a request. */
export type Labels = Readonly<Record<string, string | number | boolean>>

/** What an instrument says about itself. */
export interface InstrumentOptions {
  readonly description?: string
  /** The unit in UCUM, such as `s` or `By`. */
  readonly unit?: string
}

/** How a histogram sorts values. */
export interface HistogramOptions extends InstrumentOptions {
  /** Upper bounds, ascending; values above the last are counted as well. @default from 0.005 to 10, for seconds */
  readonly buckets?: readonly number[]
}

/** A counter for one set of labels. */
export interface BoundCounter {
  /** Adds a number from 0 up; anything else is ignored, for a measurement must not break what it measures. */
  add(value: number): void
}

/** A sum that only grows, per set of labels. */
export interface Counter {
  add(value: number, labels?: Labels): void
  /** The counter for `labels`: keep it where it is used often, then counting allocates nothing. */
  with(labels: Labels): BoundCounter
}

/** A histogram for one set of labels. */
export interface BoundHistogram {
  /** Notes a value; what is not a finite number is ignored. */
  record(value: number): void
}

/** How values are distributed, per set of labels. */
export interface Histogram {
  record(value: number, labels?: Labels): void
  /** The histogram for `labels`: keep it where it is used often, then recording allocates nothing. */
  with(labels: Labels): BoundHistogram
}

/** What a gauge or a total shows at the moment: a number, or one for each set of labels. */
export type Observe = () => number | Iterable<{ readonly value: number; readonly labels: Labels }>

/** Makes instruments. The same name gives the same instrument; another kind under a name in use throws `TUTTI_OPTION_INVALID`. */
export interface Meter {
  counter(name: string, options?: InstrumentOptions): Counter
  histogram(name: string, options?: HistogramOptions): Histogram
  /** A value that is asked for when metrics are read. Disposing what it gives ends that. */
  gauge(name: string, observe: Observe, options?: InstrumentOptions): Disposable
  /** A counter that somebody else keeps, such as the system, and that is asked for when metrics are read. Disposing what it gives ends that. */
  total(name: string, observe: Observe, options?: InstrumentOptions): Disposable
}
