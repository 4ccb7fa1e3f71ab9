import type { HrTime } from './api.ts'

/** Milliseconds since 1970, with fractions, as OpenTelemetry writes them: seconds and nanoseconds. */
export function hrTime(time: number): HrTime {
  const seconds = Math.trunc(time / 1000)
  const nanos = Math.round((time - seconds * 1000) * 1e6)
  return nanos >= 1e9 ? [seconds + 1, nanos - 1e9] : [seconds, nanos]
}
