import type { ConsoleMetrics, ConsoleSeries } from 'tutti/console'

export type Instrument = ConsoleMetrics[number]
export type Aspect = ConsoleSeries['lines'][number]['of']

/** How far back a chart looks, and how fine it is, in seconds. */
export const ranges = [
  { value: '15m', title: '15 min', seconds: 900, step: 10 },
  { value: '1h', title: '1 h', seconds: 3_600, step: 30 },
  { value: '6h', title: '6 h', seconds: 21_600, step: 180 },
  { value: '1d', title: '1 day', seconds: 86_400, step: 720 },
] as const

export type Range = (typeof ranges)[number]

/** What can be shown of an instrument; the first is shown unless something else is chosen. */
export function aspectsOf(instrument: Pick<Instrument, 'kind'>): readonly Aspect[] {
  if (instrument.kind === 'histogram') return ['p99', 'p90', 'p50', 'rate']
  return instrument.kind === 'counter' ? ['rate'] : ['value']
}

/** The unit of what is shown. */
export function unitOf(unit: string | undefined, aspect: Aspect): string | undefined {
  return aspect === 'rate' ? '/s' : unit
}

export interface ChartLine {
  readonly name: string
  readonly values: readonly (number | null)[]
}

/** A chart shows the biggest lines, and tells how many more there are. */
const MOST = 6

/** The lines of one aspect, the biggest first; what all have in common is not part of their names. */
export function chartLines(series: ConsoleSeries, aspect: Aspect): { readonly lines: readonly ChartLine[]; readonly more: number } {
  const fitting = series.lines.filter(({ of }) => of === aspect || (of === 'value' && aspect === 'rate'))
  const common = commonLabels(fitting.map(({ labels }) => labels))
  const sorted = fitting.toSorted((a, b) => biggest(b.values) - biggest(a.values))
  const lines = sorted.slice(0, MOST).map(({ labels, values }) => ({ name: labelText(labels, common) || series.name, values }))
  return { lines, more: Math.max(0, sorted.length - MOST) }
}

type Labels = ConsoleSeries['lines'][number]['labels']

function commonLabels(all: readonly Labels[]): ReadonlySet<string> {
  const [first, ...others] = all
  if (first === undefined || others.length === 0) return new Set()
  return new Set(Object.keys(first).filter((name) => others.every((labels) => labels[name] === first[name])))
}

function labelText(labels: Labels, common: ReadonlySet<string>): string {
  return Object.entries(labels)
    .filter(([name]) => !common.has(name))
    .map(([, value]) => String(value))
    .join(' · ')
}

const biggest = (values: readonly (number | null)[]): number => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)

/** What an instrument says now, in one number: the sum of its series, or how many values a histogram holds. */
export function valueNow(instrument: Instrument): number {
  return instrument.kind === 'histogram'
    ? instrument.series.reduce((sum, { count }) => sum + count, 0)
    : instrument.series.reduce((sum, { value }) => sum + value, 0)
}

const interesting = ['http.server.request.duration', 'tutti.command.duration', 'nodejs.eventloop.delay.p99', 'process.memory.usage']

/** What is shown as long as nothing was chosen. */
export function firstChoice(instruments: readonly Instrument[]): readonly string[] {
  const names = instruments.map(({ name }) => name)
  const found = interesting.filter((name) => names.includes(name))
  return [...found, ...names.filter((name) => !found.includes(name))].slice(0, 4)
}
