/** When something is due, for ever: the same times in every process. All times in milliseconds since 1970. */
export interface Timetable {
  /** What it was made of: another text is another timetable. */
  readonly text: string
  /** The first time after a moment; `undefined` where there is none any more. */
  next(after: number): number | undefined
  /** The last time up to a moment, that moment included; `undefined` where there was none yet. */
  last(until: number): number | undefined
}

/** The multiples of an interval since 1970, so that all processes and all restarts agree: `'1h'` is every full hour in UTC. */
export function regularTimes(interval: number): Timetable {
  return {
    text: `every ${interval} ms`,
    next: (after) => (Math.floor(after / interval) + 1) * interval,
    last: (until) => Math.floor(until / interval) * interval,
  }
}
