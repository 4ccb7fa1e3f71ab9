import type { MetricSnapshot } from '../../observe/index.ts'

/** UCUM's units as Prometheus spells them (OpenTelemetry's compatibility specification, "Metric metadata"). */
const units: Readonly<Record<string, string>> = {
  d: 'days',
  h: 'hours',
  min: 'minutes',
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  By: 'bytes',
  KiBy: 'kibibytes',
  MiBy: 'mebibytes',
  GiBy: 'gibibytes',
  KBy: 'kilobytes',
  MBy: 'megabytes',
  GBy: 'gigabytes',
  Hz: 'hertz',
  Cel: 'celsius',
  '%': 'percent',
}

/** What a rate is by: `By/s` is bytes per second. */
const rates: Readonly<Record<string, string>> = { s: 'second', min: 'minute', h: 'hour', d: 'day' }

/** The names that Prometheus itself gives these, which dashboards and alerting rules ask for. */
const conventional: Readonly<Record<string, string>> = {
  'process.cpu.time': 'process_cpu_seconds_total',
  'process.memory.usage': 'process_resident_memory_bytes',
  'process.unix.file_descriptor.count': 'process_open_fds',
  // Names that end in `_count` are those of histograms.
  'db.client.connection.count': 'db_client_connections',
}

/** The name of a metric for Prometheus: valid characters, the unit at the end, `_total` behind counters. */
export function prometheusName({ name, kind, unit }: Pick<MetricSnapshot, 'name' | 'kind' | 'unit'>): string {
  const known = conventional[name]
  if (known !== undefined) return known
  const word = unitWord(unit, kind)
  let base = valid(name).replace(/_total$/, '')
  if (word !== undefined && base !== word && !base.endsWith(`_${word}`)) base = `${base}_${word}`
  return kind === 'counter' ? `${base}_total` : base
}

/** The name of a label for Prometheus. */
export function prometheusLabel(name: string): string {
  // Names that begin with two underscores are Prometheus's own.
  return valid(name)
    .replaceAll(':', '_')
    .replace(/^_{2,}/, '_')
}

function unitWord(unit: string | undefined, kind: MetricSnapshot['kind']): string | undefined {
  // What stands in braces says what is counted, and is no unit.
  const plain = unit?.replaceAll(/\{[^}]*\}/g, '') ?? ''
  if (plain === '' || plain === '/') return undefined
  if (plain === '1') return kind === 'gauge' ? 'ratio' : undefined
  const [over = '', under] = plain.split('/')
  const word = units[over] ?? valid(over)
  if (under === undefined) return word
  return `${word}_per_${rates[under] ?? valid(under)}`.replace(/^_/, '')
}

function valid(name: string): string {
  const text = name.replaceAll(/[^a-zA-Z0-9_:]+/g, '_').replaceAll(/_{2,}/g, '_')
  return /^\d/.test(text) ? `_${text}` : text
}
