import { TuttiError } from './errors.ts'
import { shown } from './shown.ts'

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const

/** A span of time: milliseconds as a number, or a text such as `'250ms'`, `'2s'`, `'1.5h'`, `'3d'`. */
export type Duration = number | `${number}${keyof typeof unitMs}`

/** The milliseconds of a duration. Throws `TUTTI_DURATION_INVALID` for anything that is not a finite span of zero or more. */
export function milliseconds(duration: Duration): number {
  const value = typeof duration === 'number' ? duration : parse(duration)
  if (Number.isFinite(value) && value >= 0) return value
  throw new TuttiError(
    'TUTTI_DURATION_INVALID',
    `Received the duration ${shown(duration)}; wanted milliseconds as a number of 0 or more, or a text such as "250ms", "2s", "5m", "1h", "3d" or "1w".`,
  )
}

function parse(text: unknown): number {
  // A one-element list would pass as its element.
  if (typeof text !== 'string') return Number.NaN
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text)
  return match ? Number(match[1]) * unitMs[match[2] as keyof typeof unitMs] : Number.NaN
}
