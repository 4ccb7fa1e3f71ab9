import { MessageError } from './errors.ts'

/**
 * What JSON alone would lose, by its path: `{ "placedAt": "date", "items.0.price": "bigint" }`. Dots and backslashes in names are escaped
 * with a backslash, and `\e` is the empty name. `undefined` stands where JSON has to write `null`: in lists, and alone.
 */
export type TypeHints = Readonly<Record<string, Hint>>

type Hint = 'date' | 'bigint' | 'bytes' | 'undefined'

/** A value as it is stored. */
export interface Encoded {
  /** Plain JSON: dates as ISO 8601, bigints as decimal digits, bytes as base64. */
  readonly json: string
  readonly hints: TypeHints | undefined
}

/**
 * Writes a value as JSON, with hints for the dates, bigints and bytes in it. Throws `TUTTI_CODEC_UNSUPPORTED` for what would come back as
 * something else: functions, symbols, maps, sets, class instances, NaN and infinities, invalid dates, and circles. Members that are
 * `undefined` are left out, and -0 becomes 0.
 */
export function encode(value: unknown): Encoded {
  if (value === undefined) return { json: 'null', hints: { '': 'undefined' } }
  // Without a prototype, so that `__proto__` is a name like others.
  const hints = Object.create(null) as Record<string, Hint>
  const json = JSON.stringify(toPlain(value, { hints, path: '', depth: 0 }))
  for (const _ in hints) return { json, hints }
  return { json, hints: undefined }
}

/** Reads what `encode` wrote. */
export function decode(json: string, hints?: TypeHints): unknown {
  const value = JSON.parse(json) as unknown
  if (hints === undefined) return value
  const holder: Record<string, unknown> = { root: value }
  for (const [path, kind] of Object.entries(hints)) revive(holder, path === '' ? ['root'] : ['root', ...splitPath(path)], kind)
  return holder['root']
}

interface Place {
  readonly hints: Record<string, Hint>
  readonly path: string
  readonly depth: number
}

const deepest = 200

/** The value itself where JSON can write it as it is, else a copy with the special parts replaced. */
function toPlain(value: unknown, place: Place): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'undefined':
      return value
    case 'number':
      if (Number.isFinite(value)) return value
      throw unsupported(place.path, String(value))
    case 'bigint':
      place.hints[place.path] = 'bigint'
      return value.toString()
    case 'object':
      return value === null ? null : objectToPlain(value, place)
    default:
      throw unsupported(place.path, `a ${typeof value}`)
  }
}

function objectToPlain(value: object, place: Place): unknown {
  if (place.depth > deepest) throw unsupported(place.path, `something deeper than ${deepest} levels, or a circle`)
  const { hints, path, depth } = place
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i]
      if (typeof item === 'string' || (typeof item === 'number' && Number.isFinite(item))) continue
      const at = join(path, String(i))
      if (item === undefined) hints[at] = 'undefined'
      const plain = item === undefined ? null : toPlain(item, { hints, path: at, depth: depth + 1 })
      if (plain !== item) (copy ??= [...(value as unknown[])])[i] = plain
    }
    return copy ?? value
  }
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw unsupported(path, 'an invalid date')
    hints[path] = 'date'
    return value.toISOString()
  }
  if (value instanceof Uint8Array) {
    hints[path] = 'bytes'
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null)
    throw unsupported(path, `an instance of ${value.constructor?.name ?? 'a class'}`)
  let copy: Record<string, unknown> | undefined
  for (const key of Object.keys(value)) {
    const member = (value as Record<string, unknown>)[key]
    if (typeof member === 'string' || (typeof member === 'number' && Number.isFinite(member))) continue
    const plain = toPlain(member, { hints, path: join(path, key), depth: depth + 1 })
    if (plain !== member) define((copy ??= { ...value }), key, plain)
  }
  return copy ?? value
}

function revive(holder: Record<string, unknown>, path: readonly string[], kind: Hint): void {
  let place: unknown = holder
  for (const name of path.slice(0, -1)) place = member(place, name)
  const last = path.at(-1) as string
  const stored = member(place, last)
  // Data that was changed behind our back, such as by a migration, is left as it is.
  if (typeof stored === 'string' || (kind === 'undefined' && stored === null))
    define(place as Record<string, unknown>, last, revived(stored, kind))
}

function revived(stored: string | null, kind: Hint): unknown {
  if (stored === null) return undefined
  switch (kind) {
    case 'date':
      return new Date(stored)
    case 'bigint':
      return /^-?\d+$/.test(stored) ? BigInt(stored) : stored
    case 'bytes':
      return new Uint8Array(Buffer.from(stored, 'base64'))
    default:
      return stored
  }
}

function member(place: unknown, name: string): unknown {
  return typeof place === 'object' && place !== null && Object.hasOwn(place, name) ? (place as Record<string, unknown>)[name] : undefined
}

/** Sets an own member whatever its name, `__proto__` included. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
  else target[name] = value
}

function join(path: string, name: string): string {
  return path === '' ? escaped(name) : `${path}.${escaped(name)}`
}

function escaped(name: string): string {
  if (name === '') return '\\e'
  return name.includes('.') || name.includes('\\') ? name.replaceAll('\\', '\\\\').replaceAll('.', '\\.') : name
}

function splitPath(path: string): string[] {
  if (!path.includes('\\')) return path.split('.')
  const names: string[] = []
  let name = ''
  for (let i = 0; i < path.length; i++) {
    const char = path[i] as string
    if (char === '.') {
      names.push(name)
      name = ''
    } else if (char === '\\') {
      const next = path[++i] ?? ''
      name += next === 'e' ? '' : next
    } else {
      name += char
    }
  }
  return [...names, name]
}

function unsupported(path: string, received: string): MessageError {
  return new MessageError(
    'TUTTI_CODEC_UNSUPPORTED',
    `${path === '' ? 'The value' : `The value at ${path}`} is ${received}, which cannot be stored so that it comes back the same; wanted JSON, dates, bigints and Uint8Arrays.`,
  )
}
