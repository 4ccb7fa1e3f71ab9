import { HttpError } from '../errors.ts'

const { isAscii } = process.getBuiltinModule('node:buffer')
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

// `"__proto__":` or `"constructor":` as a key, written plainly or with \u escapes.
const suspect =
  /"(?:_|\\u005[Ff])(?:_|\\u005[Ff])(?:p|\\u0070)(?:r|\\u0072)(?:o|\\u006[Ff])(?:t|\\u0074)(?:o|\\u006[Ff])(?:_|\\u005[Ff])(?:_|\\u005[Ff])"\s*:|"(?:c|\\u0063)(?:o|\\u006[Ff])(?:n|\\u006[Ee])(?:s|\\u0073)(?:t|\\u0074)(?:r|\\u0072)(?:u|\\u0075)(?:c|\\u0063)(?:t|\\u0074)(?:o|\\u006[Ff])(?:r|\\u0072)"\s*:/

/** Text of a body as UTF-8. Bytes that are not UTF-8 are answered with 400. */
export function decodeText(body: Buffer): string {
  // Plain ASCII is by far the most common, and much cheaper to turn into a string.
  if (isAscii(body)) return body.toString('latin1')
  try {
    return decoder.decode(body)
  } catch (cause) {
    throw new HttpError('TUTTI_BODY_MALFORMED', 'The request body is not valid UTF-8.', { status: 400, cause })
  }
}

/**
 * Parses a JSON body. Keys that could poison prototypes (`__proto__`, and `constructor` holding `prototype`) are refused
 * like malformed JSON, with 400.
 */
export function parseJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new HttpError('TUTTI_BODY_MALFORMED', `The request body is not valid JSON: ${(cause as Error).message}`, { status: 400, cause })
  }
  // Without these words, and without escapes that could spell them, there is nothing to look for.
  const mayBeSuspect = text.includes('__proto__') || text.includes('"constructor"') || text.includes('\\u')
  if (mayBeSuspect && suspect.test(text)) refusePoison(value)
  return value
}

function refusePoison(root: unknown): void {
  const pending: unknown[] = [root]
  for (let value = pending.pop(); pending.length > 0 || value !== undefined; value = pending.pop()) {
    if (typeof value !== 'object' || value === null) continue
    const poisoned =
      Object.hasOwn(value, '__proto__') ||
      (Object.hasOwn(value, 'constructor') && hasPrototypeKey((value as { constructor: unknown }).constructor))
    if (poisoned) {
      throw new HttpError(
        'TUTTI_BODY_MALFORMED',
        'The request body has a key that is not allowed: "__proto__", or "constructor" with "prototype".',
        { status: 400 },
      )
    }
    pending.push(...Object.values(value))
  }
}

function hasPrototypeKey(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype')
}
