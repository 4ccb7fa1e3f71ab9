import type { HttpSource } from './source.ts'
import { rawHeader } from './source.ts'

/** The longest that a request may ask to be kept waiting, in seconds. */
const most = 60

/** How long the client would rather wait than be answered early, in seconds (`Prefer: wait=5`, RFC 7240 section 4.3). */
export function preferredWait({ rawHeaders }: HttpSource): number | undefined {
  const prefer = rawHeader(rawHeaders, 'prefer')
  if (prefer === undefined) return undefined
  const seconds = /(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?(\d{1,6})"?/i.exec(prefer)?.[1]
  return seconds === undefined ? undefined : Math.min(most, Number(seconds))
}
