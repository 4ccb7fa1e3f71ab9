const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

/** `12,345`. */
export const count = (value: number): string => whole.format(value)

/** `12.3K`, for narrow places. */
export const compact = (value: number): string => (Math.abs(value) < 1000 ? String(Number(value.toPrecision(3))) : short.format(value))

/** A share of one: `1.2%`. */
export const percent = (share: number): string => `${Number((share * 100).toPrecision(share * 100 < 10 ? 2 : 3))}%`

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const

/** `182 MiB`. */
export function bytes(value: number): string {
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10))
  return `${Number((value / 1024 ** power).toPrecision(3))} ${units[power]}`
}

/** A value of an instrument in its unit (UCUM, as OpenTelemetry names them). */
export function inUnit(value: number, unit: string | undefined): string {
  if (unit === 'By') return bytes(value)
  if (unit === '1' || unit === undefined || unit.startsWith('{')) return compact(value)
  return `${compact(value)} ${unit}`
}
