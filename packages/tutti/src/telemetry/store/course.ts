import type { DatabaseSync } from 'node:sqlite'

/** Which part of a series is read. */
interface CourseRange {
  readonly series: number
  readonly process: string
  readonly from: number
  readonly to: number
}

interface Point {
  readonly time: number
  readonly value: number | { readonly counts: readonly number[] }
}

/** How one series of one process went. Points are there only where it changed; samples tell when the process was looked at. */
export class Course {
  readonly #points: readonly Point[]
  readonly #samples: readonly number[]

  constructor(database: DatabaseSync, { series, process, from, to }: CourseRange) {
    const before = 'select max(time) from points where series = ?1 and time <= ?2'
    this.#points = database
      .prepare(`select time, value from points where series = ?1 and time <= ?3 and time >= coalesce((${before}), 0) order by time`)
      .all(series, from, to)
      .map((row) => ({ time: Number(row['time']), value: JSON.parse(String(row['value'])) }))
    this.#samples = database
      .prepare('select time from samples where process = ? and time > ? and time <= ? order by time')
      .all(process, from, to)
      .map((row) => Number(row['time']))
  }

  /** The value at a time; `undefined` where the process was not looked at in the step before. */
  value(time: number, step: number): number | undefined {
    if (!this.#sampled(time, step)) return undefined
    const value = this.#at(time)
    return typeof value === 'number' ? value : undefined
  }

  /** How much it grew in the step before a time. */
  grown(time: number, step: number): number | undefined {
    if (!this.#sampled(time, step)) return undefined
    const now = this.#at(time)
    if (typeof now !== 'number') return undefined
    const before = this.#at(time - step)
    return Math.max(0, now - (typeof before === 'number' ? before : 0))
  }

  /** How much each bucket grew in the step before a time. */
  grownCounts(time: number, step: number): readonly number[] | undefined {
    if (!this.#sampled(time, step)) return undefined
    const now = this.#at(time)
    if (now === undefined || typeof now === 'number') return undefined
    const before = this.#at(time - step)
    const earlier = before === undefined || typeof before === 'number' ? [] : before.counts
    return now.counts.map((count, i) => Math.max(0, count - (earlier[i] ?? 0)))
  }

  #sampled(time: number, step: number): boolean {
    const last = this.#samples[lastAtOrBelow(this.#samples, time)]
    return last !== undefined && last > time - step
  }

  #at(time: number): Point['value'] | undefined {
    const times = this.#points
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((times[middle] as Point).time <= time) low = middle + 1
      else high = middle
    }
    return times[low - 1]?.value
  }
}

/** The index of the last number at or below another one; -1 where all are above. */
function lastAtOrBelow(sorted: readonly number[], limit: number): number {
  return sorted.findLastIndex((one) => one <= limit)
}
