import type { HistogramValues, Labels, MetricSnapshot } from '../../observe/index.ts'
import { prometheusLabel, prometheusName } from './names.ts'

/** `text`: Prometheus' own format 0.0.4. `openmetrics`: OpenMetrics 1.0.0. */
export type MetricsFormat = 'text' | 'openmetrics'

/** Metrics with one name for Prometheus. */
interface Family {
  readonly name: string
  readonly metric: MetricSnapshot
}

/** Metrics as Prometheus reads them, in an order that depends on names and labels alone. */
export function prometheusText(metrics: readonly MetricSnapshot[], format: MetricsFormat = 'text'): string {
  let text = ''
  for (const { name, metric } of families(metrics)) {
    // OpenMetrics names the family without what its samples add.
    const family = format === 'openmetrics' ? name.replace(/_total$/, '') : name
    const lines = metric.kind === 'histogram' ? histogramLines(name, metric) : valueLines(name, metric)
    if (lines.length === 0) continue
    if (metric.description !== undefined) text += `# HELP ${family} ${helpText(metric.description, format)}\n`
    text += `# TYPE ${family} ${metric.kind}\n${lines.join('')}`
  }
  return format === 'openmetrics' ? `${text}# EOF\n` : text
}

/** Each name once: two names that differ only in characters which Prometheus does not know would spoil the whole page. */
function families(metrics: readonly MetricSnapshot[]): Family[] {
  const taken = new Set<string>()
  const found: Family[] = []
  for (const metric of metrics) {
    const name = prometheusName(metric)
    const samples =
      metric.kind === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name, name.replace(/_total$/, '')]
    if (samples.some((sample) => taken.has(sample))) {
      warnOnce(metric.name, name)
      continue
    }
    for (const sample of samples) taken.add(sample)
    found.push({ name, metric })
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function valueLines(name: string, metric: Extract<MetricSnapshot, { readonly kind: 'counter' | 'gauge' }>): string[] {
  // Of two values for the same labels the last one counts, as in OpenTelemetry.
  const lines = new Map<string, number>()
  for (const { labels, value } of metric.series) lines.set(labelText(labels), value)
  return sorted(lines).map(([labels, value]) => `${name}${braced(labels)} ${numberText(value)}\n`)
}

function histogramLines(name: string, metric: Extract<MetricSnapshot, { readonly kind: 'histogram' }>): string[] {
  const series = new Map<string, HistogramValues>()
  for (const values of metric.series) series.set(labelText(values.labels, 'le'), values)
  return sorted(series).flatMap(([labels, { counts, sum, count }]) => {
    let below = 0
    const buckets = [...metric.buckets, Infinity].map((bound, index) => {
      below += counts[index] ?? 0
      const le = `le="${boundText(bound)}"`
      return `${name}_bucket${braced(labels === '' ? le : `${labels},${le}`)} ${below}\n`
    })
    return [...buckets, `${name}_sum${braced(labels)} ${numberText(sum)}\n`, `${name}_count${braced(labels)} ${count}\n`]
  })
}

function sorted<V>(series: ReadonlyMap<string, V>): (readonly [string, V])[] {
  return [...series].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/** Labels by name; those whose names become the same are joined (OpenTelemetry's compatibility specification, "Metric attributes"). */
function labelText(labels: Labels, reserved?: string): string {
  const values = new Map<string, string>()
  for (const key of Object.keys(labels).toSorted()) {
    const plain = prometheusLabel(key)
    const name = plain === reserved ? `${plain}_` : plain
    const value = String(labels[key])
    const other = values.get(name)
    values.set(name, other === undefined ? value : `${other};${value}`)
  }
  return Array.from(values, ([name, value]) => `${name}="${escapeValue(value)}"`).join(',')
}

const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`)

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"').toWellFormed()
}

function helpText(text: string, format: MetricsFormat): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').toWellFormed()
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped
}

/** OpenMetrics wants bounds to look like floats; Prometheus takes `1` and `1.0` for different series, so both formats say the same. */
function boundText(bound: number): string {
  const text = numberText(bound)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  return String(value)
}

const warned = new Set<string>()

function warnOnce(metric: string, name: string): void {
  if (warned.has(metric)) return
  warned.add(metric)
  process.emitWarning(`The metric "${metric}" is not in /metrics: there is another one called ${name}.`, 'TuttiMetricWarning')
}
