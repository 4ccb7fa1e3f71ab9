export type JsonKind = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array'

/** A line of a value as it is shown: a field, or the end of an object or an array. */
export interface JsonLine {
  /** Names the place in the value, as in a JSON Pointer: `/items/0/name`. */
  readonly path: string
  readonly depth: number
  readonly key: string | undefined
  readonly kind: JsonKind | 'end'
  /** What stands there; for a folded object or array a summary. */
  readonly text: string
  /** Whether it is folded; `undefined` where there is nothing to fold. */
  readonly folded: boolean | undefined
  readonly comma: boolean
}

/** What is folded, or opened, by the user; all else as deep as `depth` is open. */
export interface Folding {
  readonly changed: ReadonlyMap<string, boolean>
  /** @default 3 */
  readonly depth: number
}

export function kindOf(value: unknown): JsonKind {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'object' ? type : 'string'
}

/** The fields of an object or an array. */
export function entriesOf(value: unknown): readonly (readonly [key: string, value: unknown])[] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [String(index), item])
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

/** Names a place one step deeper. */
export const below = (path: string, key: string): string => `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`

/** The lines of a value, leaving out what is folded. */
export function jsonLines(value: unknown, folding: Folding): readonly JsonLine[] {
  const lines: JsonLine[] = []
  const add = (one: unknown, at: { path: string; depth: number; key: string | undefined; comma: boolean }): void => {
    const kind = kindOf(one)
    const entries = entriesOf(one)
    if (entries.length === 0) {
      lines.push({ ...at, kind, folded: undefined, text: scalarText(one, kind) })
      return
    }
    const folded = folding.changed.get(at.path) ?? at.depth >= folding.depth
    const [open, close] = kind === 'array' ? ['[', ']'] : ['{', '}']
    if (folded) {
      lines.push({ ...at, kind, folded, text: `${open} ${summary(kind, entries.length)} ${close}` })
      return
    }
    lines.push({ ...at, kind, folded, text: open, comma: false })
    for (const [index, [key, inner]] of entries.entries())
      add(inner, {
        path: below(at.path, key),
        depth: at.depth + 1,
        key: kind === 'array' ? undefined : key,
        comma: index < entries.length - 1,
      })
    // No member's: in their names `~` is escaped, while a name may be empty.
    lines.push({ ...at, path: `${at.path}~`, key: undefined, kind: 'end', folded: undefined, text: close })
  }
  add(value, { path: '', depth: 0, key: undefined, comma: false })
  return lines
}

function summary(kind: JsonKind, size: number): string {
  const word = kind === 'array' ? 'item' : 'field'
  return `${size} ${word}${size === 1 ? '' : 's'}`
}

function scalarText(value: unknown, kind: JsonKind): string {
  if (kind === 'array') return '[]'
  if (kind === 'object') return '{}'
  return JSON.stringify(value) ?? typeof value
}

/** The places whose key or value holds a text, whatever is folded; with the places above them, which have to be open to show them. */
export function searchJson(value: unknown, text: string): { readonly found: ReadonlySet<string>; readonly open: ReadonlySet<string> } {
  const wanted = text.toLowerCase()
  const found = new Set<string>()
  const open = new Set<string>()
  const look = (one: unknown, path: string, key: string): boolean => {
    const kind = kindOf(one)
    const isNested = kind === 'object' || kind === 'array'
    const own = key.toLowerCase().includes(wanted) || (!isNested && String(one).toLowerCase().includes(wanted))
    const inner = entriesOf(one).map(([name, value_]) => look(value_, below(path, name), kind === 'array' ? '' : name))
    const within = inner.includes(true)
    if (own) found.add(path)
    if (within) open.add(path)
    return own || within
  }
  if (wanted !== '') look(value, '', '')
  return { found, open }
}
