import { OptionError } from '../kernel/index.ts'
import { rawHeader, type HttpSource } from './source.ts'

/**
 * The API version that a client asks for: `Accept-Version: 2`, or in the media type as `application/vnd.shop.v2+json` or
 * `application/json; version=2`. `undefined` where it asks for none.
 */
export function requestedVersion(source: HttpSource): string | undefined {
  const header = rawHeader(source.rawHeaders, 'accept-version')
  if (header !== undefined) return header.trim()
  const accept = rawHeader(source.rawHeaders, 'accept')
  if (accept === undefined || accept.length > 1024) return undefined
  return /[;\s]version="?([\d.x*]+)"?/i.exec(accept)?.[1] ?? /\.v(\d+(?:\.\d+){0,2})(?:\+|\b)/i.exec(accept)?.[1]
}

/** Compares versions by their numbers, highest first. */
export function newestFirst(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < 3; i++) if ((left[i] ?? 0) !== (right[i] ?? 0)) return (right[i] ?? 0) - (left[i] ?? 0)
  return 0
}

/** Whether `version` is what was asked for: every number of `asked` agrees; `x` and `*` stand for any. */
function satisfies(version: string, asked: string): boolean {
  const have = version.split('.')
  return asked.split('.').every((part, i) => part === 'x' || part === 'X' || part === '*' || part === (have[i] ?? '0'))
}

/** Throws for a route's version that is not one. */
export function checkVersion(value: unknown): void {
  if (typeof value === 'string' && /^\d+(\.\d+){0,2}$/.test(value)) return
  throw new OptionError(`A route received the version ${JSON.stringify(value)}; wanted one such as "2", "1.4" or "1.4.0".`)
}

/** What several versions of a path have: the newest one that fits what the client asked for is found. */
export class Versions<T> {
  readonly #byVersion = new Map<string, T>()
  #newestFirst: readonly string[] = []

  get(asked: string | undefined): T | null {
    if (asked === undefined) return null
    const version = this.#newestFirst.find((candidate) => satisfies(candidate, asked))
    return version === undefined ? null : (this.#byVersion.get(version) ?? null)
  }

  set(version: string, value: T): void {
    this.#byVersion.set(version, value)
    this.#newestFirst = [...this.#byVersion.keys()].toSorted(newestFirst)
  }
}
