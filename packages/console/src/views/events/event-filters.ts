import type { ConsoleEvent } from 'tutti/console'

/** The filters of the log as they stand in its address. */
export interface EventFilters extends Readonly<Record<string, string>> {
  /** A stream, or with `*` at the end how the names of streams begin. */
  readonly text: string
  /** Separated by commas. */
  readonly types: string
  readonly tenant: string
  readonly correlation: string
  /** Local times, as the browser's input writes them. */
  readonly from: string
  readonly to: string
}

export function filtersOf(query: URLSearchParams): EventFilters {
  const of = (name: string): string => query.get(name) ?? ''
  return { text: of('text'), types: of('types'), tenant: of('tenant'), correlation: of('correlation'), from: of('from'), to: of('to') }
}

/** The filters as the API takes them. */
export function queryOf({
  text,
  types,
  tenant,
  correlation,
  from,
  to,
}: EventFilters): Readonly<Record<string, string | number | undefined>> {
  return { ...streamOf(text), types: typesOf(types).join(','), tenant, correlation, from: timeOf(from), to: timeOf(to) }
}

/** Whether an event that has just happened belongs to what is shown. */
export function fitsFilters(event: ConsoleEvent, { text, types, tenant, correlation, from, to }: EventFilters): boolean {
  const { stream, streams } = streamOf(text)
  const wanted = typesOf(types)
  const time = new Date(event.time).getTime()
  return (
    (stream === undefined || event.stream === stream) &&
    (streams === undefined || event.stream.startsWith(streams)) &&
    (wanted.length === 0 || wanted.includes(event.type)) &&
    (tenant === '' || event.tenant === tenant) &&
    (correlation === '' || event.correlationId === correlation) &&
    time >= (timeOf(from) ?? Number.NEGATIVE_INFINITY) &&
    time <= (timeOf(to) ?? Number.POSITIVE_INFINITY)
  )
}

function streamOf(text: string): { readonly stream?: string; readonly streams?: string } {
  const name = text.trim()
  if (name === '') return {}
  return name.endsWith('*') ? { streams: name.slice(0, -1) } : { stream: name }
}

function typesOf(types: string): readonly string[] {
  return types
    .split(',')
    .map((type) => type.trim())
    .filter(Boolean)
}

function timeOf(text: string): number | undefined {
  const time = text === '' ? Number.NaN : new Date(text).getTime()
  return Number.isNaN(time) ? undefined : time
}
