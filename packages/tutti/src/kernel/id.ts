import { OptionError } from './errors.ts'
import { shown } from './shown.ts'

/** Random bytes of one id, behind the 48 bits of time and the 18 bits of the counter. */
const randomBytes = 7
/** The counter goes on from the 12 bits of `rand_a` into the first 6 of `rand_b`; 131,072 ids per millisecond always fit. */
const counterLimit = 2 ** 18
/** Ids whose random bytes are drawn at once: one draw costs as much as several ids. */
const poolIds = 256

let time = 0
let prefix = ''
let counter = 0
let pool = ''
let used = 0

/**
 * A new UUID of version 7 (RFC 9562, method 1 of section 6.2): newer ids sort after older ones, as texts too.
 * Within the process each id sorts after the one before it, also within a millisecond and when the clock was set back.
 */
export function newId(): string {
  // Node's own randomUUIDv7 keeps no order within a millisecond.
  if (used === pool.length) drawPool()
  const at = used
  used = at + randomBytes * 2
  const now = Date.now()
  if (now > time) beginMillisecond(now)
  else if (++counter === counterLimit) beginMillisecond(time + 1)
  // The top digit keeps the padding; the two bits of the variant stand before the counter's last six.
  const digits = (0x100000 | ((counter & 0x3ffc0) << 2) | 0x80 | (counter & 0x3f)).toString(16)
  return `${prefix}${digits.slice(1, 4)}-${digits.slice(4)}${pool.slice(at, at + 2)}-${pool.slice(at + 2, used)}`
}

function beginMillisecond(now: number): void {
  const digits = now.toString(16).padStart(12, '0')
  time = now
  prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-7`
  // A random start keeps processes apart; the upper half of the range stays free for counting.
  counter = Math.floor(Math.random() * (counterLimit / 2))
}

function drawPool(): void {
  pool = process
    .getBuiltinModule('node:crypto')
    .randomBytes(poolIds * randomBytes)
    .toString('hex')
  used = 0
}

const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Whether a value is a UUID of version 7 as `newId()` writes it: in lower case, which is what sorts by time. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && pattern.test(value)
}

/** When an id was made, in milliseconds since 1970. Throws `TUTTI_ID_INVALID` for anything else. */
export function idTime(id: string): number {
  if (isId(id)) return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  throw new OptionError(`Received ${shown(id)}; wanted an id as newId() makes them: a UUID of version 7 in lower case.`, {
    code: 'TUTTI_ID_INVALID',
  })
}
