import type { Baggage, BaggageEntry } from '../kernel/index.ts'

// The limits of W3C Baggage, section 3.3.2: what is beyond them need not be passed on.
const mostMembers = 64
const mostBytes = 8192
/** A token of RFC 9110. */
const keyPattern = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/
/** Section 3.3.1.2: printable ASCII without blanks, quotes, commas, semicolons and backslashes. */
const valuePattern = /^[!#-+\--:<-[\]-~]*$/

/**
 * Reads a `baggage` header; several of them are joined with a comma first. Members that are no valid ones are left out, and so is what is
 * beyond 64 members or 8192 bytes. Gives `undefined` where nothing is left.
 */
export function parseBaggage(header: string): Baggage | undefined {
  const entries = new Map<string, BaggageEntry>()
  let bytes = 0
  for (const member of header.split(',', 4 * mostMembers)) {
    bytes += member.length + 1
    if (bytes > mostBytes + 1 || entries.size === mostMembers) break
    const semicolon = member.indexOf(';')
    const pair = semicolon < 0 ? member : member.slice(0, semicolon)
    const equals = pair.indexOf('=')
    const key = pair.slice(0, Math.max(equals, 0)).trim()
    const value = decoded(pair.slice(equals + 1).trim())
    if (value === undefined || !keyPattern.test(key)) continue
    const properties = semicolon < 0 ? '' : member.slice(semicolon + 1).trim()
    entries.set(key, properties === '' ? { value } : { value, properties })
  }
  return entries.size === 0 ? undefined : entries
}

/** Writes a `baggage` header, as much of it as may be passed on. */
export function formatBaggage(baggage: Baggage): string {
  let header = ''
  let members = 0
  for (const [key, { value, properties }] of baggage) {
    const member = `${key}=${encoded(value)}${properties === undefined ? '' : `;${properties}`}`
    const longer = header === '' ? member : `${header},${member}`
    if (longer.length > mostBytes || ++members > mostMembers) break
    header = longer
  }
  return header
}

function decoded(value: string): string | undefined {
  if (!valuePattern.test(value)) return undefined
  if (!value.includes('%')) return value
  // Bytes that are no UTF-8 become replacement characters (section 3.3.1.2).
  const bytes = value.replaceAll(/%([\dA-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

function encoded(value: string): string {
  return encodeURIComponent(value).replaceAll(/%(?:2[1-46-9A-F]|3[AC-F]|40)/g, (escaped) => {
    const character = decodeURIComponent(escaped)
    return valuePattern.test(character) ? character : escaped
  })
}
