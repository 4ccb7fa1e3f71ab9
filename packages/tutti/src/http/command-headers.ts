import type { SendDefaults } from '../message/index.ts'
import { HttpError } from './errors.ts'
import { rawHeader, type HttpSource } from './source.ts'

/** What a request says about the commands that its handler sends; `index` counts them from 0. */
export function sendDefaults({ rawHeaders }: HttpSource, index: number): SendDefaults {
  const key = rawHeader(rawHeaders, 'idempotency-key')
  const match = index === 0 ? rawHeader(rawHeaders, 'if-match') : undefined
  return {
    // Several commands of one request are several acts, each done once.
    ...(key !== undefined && { key: index === 0 ? checkKey(key) : `${checkKey(key)}#${index}` }),
    ...(match !== undefined && { expected: expectedOf(match) }),
  }
}

/** The longest that a request may ask to be kept waiting, in seconds. */
const longestWait = 60

/**
 * How long the client would rather wait for read models to know of its commands than be answered early, in seconds (`Prefer: wait=5`,
 * RFC 7240 section 4.3).
 */
export function preferredWait({ rawHeaders }: HttpSource): number | undefined {
  const prefer = rawHeader(rawHeaders, 'prefer')
  if (prefer === undefined) return undefined
  const seconds = /(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?(\d{1,6})"?/i.exec(prefer)?.[1]
  return seconds === undefined ? undefined : Math.min(longestWait, Number(seconds))
}

function checkKey(key: string): string {
  if (/^[\x21-\x7e]{1,190}$/.test(key)) return key
  throw new HttpError('TUTTI_HEADER_INVALID', 'Idempotency-Key must be 1 to 190 visible ASCII characters.', { status: 400 })
}

/** RFC 9110 section 13.1.1: `*` for anything that exists, else the entity tag that `load` gave: the version. */
function expectedOf(match: string): number | 'exists' {
  if (match.trim() === '*') return 'exists'
  const version = /^\s*"(\d{1,15})"\s*$/.exec(match)?.[1]
  if (version !== undefined) return Number(version)
  throw new HttpError(
    'TUTTI_PRECONDITION_FAILED',
    `If-Match received ${JSON.stringify(match)}, which is no version of this; load it again and send its ETag.`,
    { status: 412 },
  )
}
