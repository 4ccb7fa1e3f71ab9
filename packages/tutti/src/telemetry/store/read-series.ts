import type { DatabaseSync } from 'node:sqlite'
import type { Labels } from '../../observe/index.ts'
import { Course } from './course.ts'
import { percentile } from './percentile.ts'
import type { SeriesLine, SeriesQuery, StoredSeries } from './telemetry-store.ts'

const usualPoints = 120
const mostPoints = 2_000
/** Sets of labels that a chart can show; those with the most in them are told. */
const mostLines = 20

/** The courses of one set of labels, one of each process. */
interface Group {
  readonly labels: Labels
  readonly kind: string
  readonly buckets: readonly number[]
  readonly courses: readonly Course[]
}

/** How an instrument went. */
export function readSeries(database: DatabaseSync, query: SeriesQuery): StoredSeries {
  const { name, to = Date.now(), from = to - 3_600_000 } = query
  const step = Math.max(1, Math.round(query.step ?? (to - from) / 1000 / usualPoints), Math.ceil((to - from) / 1000 / mostPoints)) * 1000
  // On multiples of the step, so that a chart that goes on does not tremble.
  const first = Math.ceil(from / step) * step
  const times = Array.from({ length: Math.max(0, Math.floor((to - first) / step) + 1) }, (_, i) => first + i * step)
  const rows = database.prepare('select * from series where name = ?').all(name)
  const groups = [...Map.groupBy(rows, (row) => String(row['labels']))].map(([labels, some]): Group => ({
    labels: JSON.parse(labels),
    kind: String(some[0]?.['kind']),
    buckets: JSON.parse(String(some[0]?.['buckets'] ?? '[]')),
    courses: some.map((row) => new Course(database, { series: Number(row['id']), process: String(row['process']), from: from - step, to })),
  }))
  const lines = groups.flatMap((group) => linesOf(group, times, step))
  const unit = rows[0]?.['unit']
  return { name, unit: typeof unit === 'string' ? unit : undefined, times, lines: largest(lines) }
}

function linesOf(group: Group, times: readonly number[], step: number): readonly SeriesLine[] {
  const { labels, kind, courses } = group
  if (kind === 'gauge')
    return [{ labels, of: 'value', values: times.map((time) => highest(courses.map((course) => course.value(time, step)))) }]
  if (kind === 'counter') return [{ labels, of: 'rate', values: times.map((time) => rate(courses, time, step)) }]
  return histogramLines(group, times, step)
}

function histogramLines({ labels, buckets, courses }: Group, times: readonly number[], step: number): readonly SeriesLine[] {
  const counts = times.map((time) => sumOfCounts(courses, time, step))
  const share = (part: number) => counts.map((some) => (some === undefined ? null : percentile(buckets, some, part)))
  return [
    { labels, of: 'p50', values: share(0.5) },
    { labels, of: 'p90', values: share(0.9) },
    { labels, of: 'p99', values: share(0.99) },
    { labels, of: 'rate', values: counts.map((some) => (some === undefined ? null : (total(some) / step) * 1000)) },
  ]
}

/** How much a counter grew in the step before a time, per second, in all processes. */
function rate(courses: readonly Course[], time: number, step: number): number | null {
  const grown = courses.map((course) => course.grown(time, step)).filter((one) => one !== undefined)
  return grown.length === 0 ? null : (total(grown) / step) * 1000
}

function sumOfCounts(courses: readonly Course[], time: number, step: number): readonly number[] | undefined {
  const grown = courses.map((course) => course.grownCounts(time, step)).filter((one) => one !== undefined)
  const [first] = grown
  return first?.map((_, bucket) => total(grown.map((counts) => counts[bucket] ?? 0)))
}

function highest(values: readonly (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? null : Math.max(...known)
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** The lines of the sets of labels in which most happens. */
function largest(lines: readonly SeriesLine[]): readonly SeriesLine[] {
  const byLabels = [...Map.groupBy(lines, ({ labels }) => JSON.stringify(labels)).values()]
  const weight = (group: readonly SeriesLine[]): number => total(group.flatMap(({ values }) => values.map((value) => Math.abs(value ?? 0))))
  return byLabels
    .map((group) => ({ group, weight: weight(group) }))
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, mostLines)
    .flatMap(({ group }) => group)
}
