const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago, or how long until: `3 min ago`, `in 2 h`, `now`. */
export function relativeTime(time: number, now: number): string {
  const distance = Math.abs(now - time)
  const amount = roughly(distance)
  if (amount === undefined) return 'now'
  return time <= now ? `${amount} ago` : `in ${amount}`
}

function roughly(distance: number): string | undefined {
  if (distance < 2 * SECOND) return undefined
  if (distance < MINUTE) return `${Math.floor(distance / SECOND)} s`
  if (distance < HOUR) return `${Math.floor(distance / MINUTE)} min`
  if (distance < DAY) return `${Math.floor(distance / HOUR)} h`
  return `${Math.floor(distance / DAY)} d`
}

const two = (value: number): string => String(value).padStart(2, '0')

/** In local time, to the millisecond: `2026-11-21 15:40:14.012`. */
export function absoluteTime(time: number): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(time)}`
}

/** The time of the day, to the millisecond: `15:40:14.012`. */
export function clockTime(time: number): string {
  const date = new Date(time)
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

/** A length of time in milliseconds, with three digits that count: `850 µs`, `12.3 ms`, `1.24 s`, `2 min 5 s`. */
export function duration(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms'
  if (milliseconds < 1) return `${Math.round(milliseconds * 1000)} µs`
  if (milliseconds < SECOND) return `${Number(milliseconds.toPrecision(3))} ms`
  if (milliseconds < MINUTE) return `${Number((milliseconds / SECOND).toPrecision(3))} s`
  if (milliseconds < HOUR) return parts(milliseconds, [MINUTE, 'min'], [SECOND, 's'])
  if (milliseconds < DAY) return parts(milliseconds, [HOUR, 'h'], [MINUTE, 'min'])
  return parts(milliseconds, [DAY, 'd'], [HOUR, 'h'])
}

function parts(value: number, [big, bigUnit]: readonly [number, string], [small, smallUnit]: readonly [number, string]): string {
  const rest = Math.floor((value % big) / small)
  return `${Math.floor(value / big)} ${bigUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`
}
