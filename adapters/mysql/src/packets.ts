import { StorageError } from 'tutti/storage'

/** What a packet holds beside its text. */
const overhead = 1024

/** What callers get whose event or document is too large; other errors are left as they are. */
export function tooLarge(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error
  return new StorageError('TUTTI_OPTION_INVALID', error.message, { status: 413, cause: error, details: { outcome: 'none' } })
}

/** Puts statements together so that as few packets as possible carry them. Throws a `RangeError` where one is larger than a packet may be. */
export function packets(statements: readonly string[], most: number): string[][] {
  const room = most - overhead
  const all: string[][] = []
  let left = 0
  for (const statement of statements) {
    // A character takes three bytes at most; only where that matters they are counted.
    const size = statement.length * 3 < room ? statement.length * 3 : Buffer.byteLength(statement)
    if (size > room)
      throw new RangeError(
        `A statement takes ${size} bytes, but the server takes no more than ${room} (max_allowed_packet). Store less in one event or document, or raise the limit.`,
      )
    if (all.length === 0 || size > left) {
      all.push([])
      left = room
    }
    all.at(-1)?.push(statement)
    left -= size + 2
  }
  return all
}
