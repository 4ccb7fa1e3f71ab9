/** The vendors' entries of a trace in the order of the header: the one that wrote last comes first. */
export type TraceState = ReadonlyMap<string, string>

const mostMembers = 32
/** W3C Trace Context, section 3.3.1.3.1: a simple key, or a tenant and a system with `@` between. */
const keyPattern = /^(?:[a-z][_0-9a-z\-*/]{0,255}|[a-z0-9][_0-9a-z\-*/]{0,240}@[a-z][_0-9a-z\-*/]{0,13})$/
/** Section 3.3.1.3.2: printable ASCII but for comma and equals sign, not ending in a blank. */
const valuePattern = /^[ !-+\--<>-~]{0,255}[!-+\--<>-~]$/
/** More than 32 of the longest members never fit into it. */
const longestHeader = 32 * 600

/**
 * Reads a `tracestate` header; several of them are joined with a comma first (W3C Trace Context, section 3.3).
 * Gives `undefined` when any member is invalid, a key comes twice, or there are more than 32 members: then none may be passed on.
 */
export function parseTracestate(header: string): TraceState | undefined {
  if (header.length > longestHeader) return undefined
  const members = new Map<string, string>()
  for (const part of header.split(',')) {
    const member = trimBlanks(part)
    if (member === '') continue
    const equals = member.indexOf('=')
    const key = member.slice(0, Math.max(equals, 0))
    const value = member.slice(equals + 1)
    if (!keyPattern.test(key) || !valuePattern.test(value) || members.has(key)) return undefined
    members.set(key, value)
    if (members.size > mostMembers) return undefined
  }
  return members
}

/** Writes a `tracestate` header. */
export function formatTracestate(state: TraceState): string {
  return Array.from(state, ([key, value]) => `${key}=${value}`).join(',')
}

/** Cuts the optional white space of RFC 9110 (blanks and tabs, not all of Unicode's) off both ends. */
function trimBlanks(text: string): string {
  let start = 0
  let end = text.length
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09
}
