import type { ConsoleRunDetail } from 'tutti/console'

type Step = ConsoleRunDetail['steps'][number]

/** A step with its place in the time of its run, as shares of the whole. */
export interface TimedStep {
  readonly step: Step
  readonly left: number
  readonly width: number
}

/** The steps of a run in the time between its start and its last step; what took no time is still a line. */
export function timelineOf(run: Pick<ConsoleRunDetail['run'], 'createdAt'>, steps: readonly Step[]): readonly TimedStep[] {
  const start = new Date(run.createdAt).getTime()
  const ends = steps.map(({ endedAt }) => new Date(endedAt).getTime())
  const whole = Math.max(1, Math.max(start, ...ends) - start)
  return steps.map((step, i) => {
    const end = ends[i] ?? start
    const begin = Math.max(start, end - step.took)
    return { step, left: Math.min(0.99, (begin - start) / whole), width: Math.min(1, Math.max(0, (end - begin) / whole)) }
  })
}
