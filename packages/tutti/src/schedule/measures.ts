import type { Counter, Histogram, Meter } from '../observe/index.ts'
import type { FiringRecord } from './firing-record.ts'

/** What is counted about schedules and jobs. */
export class Measures {
  readonly #firings: Counter
  readonly #durations: Histogram
  readonly #lateness: Histogram
  readonly #jobs: Counter

  constructor(meter: Meter) {
    this.#firings = meter.counter('tutti.schedule.firings', { description: 'Attempts of firings, and times at which nothing began' })
    this.#durations = meter.histogram('tutti.schedule.duration', { description: 'How long attempts of firings took', unit: 's' })
    this.#lateness = meter.histogram('tutti.schedule.lateness', { description: 'How long after their time firings began', unit: 's' })
    this.#jobs = meter.counter('tutti.schedule.jobs', { description: 'Attempts of jobs' })
  }

  /** The first attempt of a firing begins so late, in milliseconds. */
  begun(schedule: string, lateness: number): void {
    this.#lateness.record(lateness / 1000, { schedule })
  }

  /** An attempt of a firing has ended after so many milliseconds. */
  attempted(schedule: string, outcome: string, duration: number): void {
    this.#firings.add(1, { schedule, outcome })
    this.#durations.record(duration / 1000, { schedule, outcome })
  }

  /** Records were written: those of times without an attempt count here. */
  noted(schedule: string, records: readonly FiringRecord[]): void {
    for (const { outcome, count, attempts } of records) if (attempts === 0) this.#firings.add(count, { schedule, outcome })
  }

  /** An attempt of a job has ended. */
  job(command: string, outcome: string): void {
    this.#jobs.add(1, { command, outcome })
  }
}
