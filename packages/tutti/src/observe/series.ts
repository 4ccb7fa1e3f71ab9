import type { Labels } from './meter.ts'

/** Series per instrument: what comes from clients, such as a path that is no route, must not fill the memory. */
export const mostSeries = 2_000

/** The labels of the series that takes what no longer gets one of its own (OpenTelemetry's metrics SDK, "Overflow attribute"). */
const overflowLabels: Labels = { 'otel.metric.overflow': true }

/** Says that labels of an instrument are no longer told apart. */
export function warnOfOverflow(name: string): void {
  process.emitWarning(
    `The instrument "${name}" has more than ${mostSeries} sets of labels; further ones are no longer told apart. Take out labels with many values, such as ids.`,
    'TuttiMetricWarning',
  )
}

/** The series of an instrument by their labels, in whatever order those are given. */
export class SeriesByLabels<S> {
  readonly #name: string
  readonly #create: (labels: Labels) => S
  readonly #series = new Map<string, S>()
  #overflow: S | undefined
  #unlabelled: S | undefined

  /** `name` is that of the instrument. */
  constructor(name: string, create: (labels: Labels) => S) {
    this.#name = name
    this.#create = create
  }

  /** The series of `labels`, or the common one when there are too many. */
  get(labels: Labels | undefined): S {
    if (labels === undefined) return (this.#unlabelled ??= this.#create({}))
    const key = keyOf(labels)
    if (key === '') return (this.#unlabelled ??= this.#create({}))
    const found = this.#series.get(key)
    if (found !== undefined) return found
    if (this.#series.size >= mostSeries) return (this.#overflow ??= this.#openOverflow())
    const series = this.#create({ ...labels })
    this.#series.set(key, series)
    return series
  }

  #openOverflow(): S {
    warnOfOverflow(this.#name)
    return this.#create(overflowLabels)
  }

  /** All series there are. */
  *values(): Generator<S> {
    if (this.#unlabelled !== undefined) yield this.#unlabelled
    yield* this.#series.values()
    if (this.#overflow !== undefined) yield this.#overflow
  }
}

/** The lengths keep texts apart that hold any character that could part them. */
function keyOf(labels: Labels): string {
  let key = ''
  for (const name of Object.keys(labels).sort()) {
    const value = String(labels[name])
    key += `${name.length}:${name}${value.length}:${value}`
  }
  return key
}
