import { shown } from '../kernel/index.ts'
import { StorageError } from './errors.ts'

// What a backend would refuse, or would take for something else, is refused before it shares a commit with the writes of others.

/** A name as backends keep it: 1 to `most` characters, no control characters, and no half characters, which UTF-8 cannot write. */
export function checkText(what: string, text: string, most = 250): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in a name
  const fits = typeof text === 'string' && text.length >= 1 && text.length <= most && !/[\u0000-\u001f\u007f]/.test(text)
  if (fits && text.isWellFormed()) return text
  throw invalid(what, text, `1 to ${most} characters of well-formed Unicode without control characters`)
}

/** As `checkText`, where there may be none. */
export function checkOptionalText(what: string, text: string | undefined, most = 250): string | undefined {
  return text === undefined ? undefined : checkText(what, text, most)
}

/** A whole number from `least` on, up to what a number counts exactly. */
export function checkWhole(what: string, value: number, least = 0): number {
  if (Number.isSafeInteger(value) && value >= least) return value
  throw invalid(what, value, `a whole number of ${least} or more`)
}

/** As `checkWhole`, where there may be none. */
export function checkOptionalWhole(what: string, value: number | undefined, least = 0): number | undefined {
  return value === undefined ? undefined : checkWhole(what, value, least)
}

/** An option of a call cannot be used. */
export function invalid(what: string, received: unknown, wanted: string): StorageError {
  return new StorageError('TUTTI_OPTION_INVALID', `Received the ${what} ${shown(received)}; wanted ${wanted}.`)
}
