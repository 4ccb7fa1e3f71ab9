const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const fixdate = /^[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const rfc850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const asctime = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/

/**
 * The milliseconds since 1970 of an HTTP date in any of its three forms (RFC 9110 section 5.6.7); `undefined` for anything else,
 * which recipients must ignore.
 */
export function parseHttpDate(text: string): number | undefined {
  const modern = fixdate.exec(text)
  if (modern !== null) return utc(modern[3], modern[2], modern.slice(1, 2).concat(modern.slice(4)))
  const old = rfc850.exec(text)
  if (old !== null) return utc(String(century(Number(old[3]))), old[2], old.slice(1, 2).concat(old.slice(4)))
  const c = asctime.exec(text)
  if (c !== null) return utc(c[6], c[1], c.slice(2, 6))
  return undefined
}

function utc(year: string | undefined, month: string | undefined, parts: readonly string[]): number | undefined {
  const index = months.indexOf(month ?? '')
  const [day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number)
  // 60 is a leap second; it counts as the second before.
  if (index < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  return Date.UTC(Number(year), index, day, hour, minute, Math.min(second, 59))
}

/** A year of two digits that looks more than 50 years ahead is the latest one in the past. */
function century(twoDigits: number): number {
  const now = new Date().getUTCFullYear()
  const year = now - (now % 100) + twoDigits
  return year > now + 50 ? year - 100 : year
}
