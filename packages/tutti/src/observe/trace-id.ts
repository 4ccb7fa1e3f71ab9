/** Hex digits drawn at once: one draw costs as much as several ids. */
const poolDigits = 8_192
const traceDigits = 32
const spanDigits = 16
const zeros = '0'.repeat(traceDigits)

let pool = ''
let used = 0

/** A new random trace id: 32 lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.3). */
export function newTraceId(): string {
  return draw(traceDigits)
}

/** A new random span id: 16 lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.4). */
export function newSpanId(): string {
  return draw(spanDigits)
}

function draw(digits: number): string {
  if (used + digits > pool.length) {
    pool = process
      .getBuiltinModule('node:crypto')
      .randomBytes(poolDigits / 2)
      .toString('hex')
    used = 0
  }
  const id = pool.slice(used, used + digits)
  used += digits
  return zeros.startsWith(id) ? draw(digits) : id
}
