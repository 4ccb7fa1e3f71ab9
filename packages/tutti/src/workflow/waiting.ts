import { milliseconds, OptionError, shown, type Duration } from '../kernel/index.ts'
import type { Operations } from './operations.ts'

/** Waits for a span of time or until a date; what is left of it where the run was taken over meanwhile. */
export async function sleep(run: Operations, time: Duration | Date): Promise<void> {
  const until = time instanceof Date ? time.getTime() : run.clock.now() + milliseconds(time)
  if (Number.isNaN(until)) throw new OptionError(`sleep received ${shown(time)}; wanted a span such as "1d", or a valid date.`)
  const place = run.enter('sleep', 'sleep')
  if (place.recorded !== undefined) return
  await run.wait(place, { until: place.pending?.until ?? until })
  run.record(place, {})
}

/** Takes a signal that has come, or waits for one; `undefined` where none comes in time. */
export async function waitForSignal(run: Operations, name: string, within: Duration | undefined): Promise<unknown> {
  const place = run.enter('signal', name)
  if (place.recorded !== undefined) return place.recorded.record.result
  const wanted = { kind: 'signal', name } as const
  const began = run.clock.now()
  const until = place.pending === undefined ? within && began + milliseconds(within) : place.pending.until
  const item = await run.wait(place, until === undefined ? {} : { until }, wanted)
  if (item === 'time') run.timedOut('signal')
  const taken = item === 'time' ? undefined : item
  const result = taken?.data
  run.record(place, { result, took: Math.round(run.clock.now() - began) }, { taken, size: taken?.size ?? 0 })
  return result
}
