import { decode, encode, type Encoded } from '../message/index.ts'
import { beyondLimit } from './errors.ts'
import { nonRetryable } from './step-options.ts'

/** A value as it comes back from the storage, and how many characters it has there. */
export interface Storable {
  readonly value: unknown
  readonly size: number
}

/** A value as it will come back. Throws `TUTTI_CODEC_UNSUPPORTED` for what cannot be stored, and `TUTTI_RUN_LIMIT` for what is too large. */
export function storable(value: unknown, of: string, most: number): Storable {
  if (value === undefined) return { value, size: 0 }
  const { json, hints } = encoded(value)
  if (json.length > most)
    throw nonRetryable(
      beyondLimit(
        `${of} has ${json.length} characters, more than the ${most} that a run keeps at once. Keep large data elsewhere, and its key here.`,
        { size: json.length, limit: most },
      ),
    )
  return { value: typeof value === 'object' ? decode(json, hints) : value, size: json.length }
}

/** What gave the value has had its effect: it would only have it again. */
function encoded(value: unknown): Encoded {
  try {
    return encode(value)
  } catch (error) {
    throw error instanceof Error ? nonRetryable(error) : error
  }
}
