/** A place in the Console: the view, what it shows, and its filters. */
export interface Place {
  /** The name of the view, such as `traces`; empty for the first one. */
  readonly view: string
  /** The decoded parts of the path behind the view, such as the id of a trace. */
  readonly rest: readonly string[]
  readonly query: URLSearchParams
}

/** Reads a place from a URL of the page; `base` is the Console's own path and ends with a slash. */
export function placeOf(url: URL, base: string): Place {
  const path = url.pathname.startsWith(base) ? url.pathname.slice(base.length) : ''
  const [view = '', ...rest] = path.split('/').filter(Boolean).map(decoded)
  return { view, rest, query: new URLSearchParams(url.search) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export type QueryChanges = Readonly<Record<string, string | number | boolean | undefined>>

/** The query with some of its values changed; what is `undefined`, empty or `false` goes. */
export function changedQuery(query: URLSearchParams, changes: QueryChanges): URLSearchParams {
  const changed = new URLSearchParams(query)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '' || value === false) changed.delete(name)
    else changed.set(name, value === true ? '1' : String(value))
  }
  return changed
}

/** A link to a place, relative to the Console's path: `href(['traces', id], { min: 100 })`. */
export function href(parts: readonly string[], query: QueryChanges = {}): string {
  const search = changedQuery(new URLSearchParams(), query).toString()
  const path = parts.map(encodeURIComponent).join('/')
  return search === '' ? path || './' : `${path}?${search}`
}
