import { TuttiError } from './errors.ts'
import { shown } from './shown.ts'

const unitBytes = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const

/** An amount of data: bytes as a number, or a text such as `'512kb'` or `'10mb'` (1 kb = 1024 bytes). */
export type Size = number | `${number}${keyof typeof unitBytes}`

/** The bytes of a size. Throws `TUTTI_SIZE_INVALID` for anything that is not a finite amount of zero or more. */
export function bytes(size: Size): number {
  const value = typeof size === 'number' ? size : parse(size)
  if (Number.isFinite(value) && value >= 0) return Math.floor(value)
  throw new TuttiError(
    'TUTTI_SIZE_INVALID',
    `Received the size ${shown(size)}; wanted bytes as a number of 0 or more, or a text such as "512b", "64kb", "10mb" or "1gb".`,
  )
}

function parse(text: unknown): number {
  // A one-element list would pass as its element.
  if (typeof text !== 'string') return Number.NaN
  const match = /^(\d+(?:\.\d+)?)(b|kb|mb|gb)$/.exec(text)
  return match ? Number(match[1]) * unitBytes[match[2] as keyof typeof unitBytes] : Number.NaN
}
