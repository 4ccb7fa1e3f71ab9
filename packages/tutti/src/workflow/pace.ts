/** When runs of a group have begun, and when those that wait ask again. */
export interface Pace {
  /** For those who look at the document. */
  readonly group: string
  /** When the latest ones have begun, in milliseconds since 1970, and how many each time. */
  readonly begun: readonly (readonly [time: number, count: number])[]
  /** When the next one asks that has to wait. */
  readonly next: number
}

/** How many runs begin in how many milliseconds. */
export interface PaceLimit {
  readonly limit: number
  readonly per: number
}

/** Whether a run begins now, or else when it asks again, and what is known then. */
export interface Turn {
  readonly begins: boolean
  /** When it begins, or asks again; in milliseconds since 1970. */
  readonly at: number
  readonly pace: Pace
}

/** Beginnings are counted by the hundredth of the span, where there are many: a little late, so that no span ever holds more. */
const grain = 100
/** Those that wait ask a little later than they could begin, so that those before them may be late. */
const slack = 1.02
/** A run that has waited, and comes too early by less than this part of the span, waits where it is. */
const early = 0.1

/** The turn of a run: however late others were, no span of time has more beginnings than the limit. */
export function turnOf(pace: Pace, { limit, per }: PaceLimit, { now, waited }: { readonly now: number; readonly waited: boolean }): Turn {
  const begun = pace.begun.filter(([time]) => time > now - per)
  const free = freeAt(begun, { limit, per }, now)
  // Whoever comes anew does not pass by those who wait.
  if (free <= now && (waited || pace.next <= now))
    return { begins: true, at: now, pace: { ...pace, begun: withBeginning(begun, now, { limit, per }) } }
  if (waited && free - now <= per * early) return { begins: false, at: Math.ceil(free), pace: { ...pace, begun } }
  const at = Math.ceil(Math.max(free, pace.next))
  return { begins: false, at, pace: { ...pace, begun, next: at + (per / limit) * slack } }
}

/** When one more can begin. */
function freeAt(begun: Pace['begun'], { limit, per }: PaceLimit, now: number): number {
  let count = begun.reduce((sum, [, some]) => sum + some, 0)
  for (const [time, some] of begun) {
    if (count < limit) return now
    count -= some
    if (count < limit) return time + per
  }
  return now
}

function withBeginning(begun: Pace['begun'], now: number, { limit, per }: PaceLimit): Pace['begun'] {
  const step = limit > grain ? Math.max(1, per / grain) : 1
  const [last, count] = begun.at(-1) ?? [0, 0]
  const time = Math.max(last, Math.ceil(Math.ceil(now / step) * step))
  return time === last ? [...begun.slice(0, -1), [time, count + 1]] : [...begun, [time, 1]]
}
