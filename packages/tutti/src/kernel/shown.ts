/** The longest text of a received value in a message; more helps nobody and may come from a client. */
const longest = 100

/** A received value for the message of an error, whatever it is: as JSON where that exists, and short. Never throws. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, longest + 1)) : textOf(value)
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

function textOf(value: unknown): string {
  try {
    if (value === undefined || typeof value === 'number' || typeof value === 'symbol') return String(value)
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'function') return `a function`
    return JSON.stringify(value) ?? typeof value
  } catch {
    return `a value of type ${typeof value}`
  }
}
