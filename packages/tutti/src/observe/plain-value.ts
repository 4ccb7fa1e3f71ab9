import type { SecretTest } from './secret-name.ts'
import { withoutSecrets } from './secret-text.ts'

/** What JSON can say. */
export type Plain = string | number | boolean | null | readonly Plain[] | PlainRecord
/** An object that JSON can say. */
export type PlainRecord = { readonly [name: string]: Plain }

/** Stands where a secret was. */
const redacted = '[redacted]'

const deepest = 8
const longestList = 100
const longestText = 16_384
/** Values that one field may hold: objects that point at each other multiply with every level. */
const mostValues = 1_000

/** What of an error is logged, with all of its causes; other properties of it, such as a whole request, are not. */
const errorParts = ['name', 'code', 'message', 'stack', 'details', 'errors', 'cause'] as const

/** Makes any value plain within bounds: no cycle, no secret, no code of the value's owner that could throw through it. */
export class PlainCopy {
  readonly #isSecret: SecretTest
  readonly #path: object[]
  #left = mostValues

  /** `root` is the object that all the values come from. */
  constructor(isSecret: SecretTest, root: object) {
    this.#isSecret = isSecret
    this.#path = [root]
  }

  /** The plain form of a value; never throws. */
  value(value: unknown): Plain {
    switch (typeof value) {
      case 'string':
        return withoutSecrets(clip(value), this.#isSecret)
      case 'number':
        return Number.isFinite(value) ? value : String(value)
      case 'boolean':
        return value
      case 'bigint':
        return value.toString()
      case 'symbol':
        return value.toString()
      case 'function':
        return '[function]'
      case 'object':
        return value === null ? null : this.#guarded(value)
      default:
        return null
    }
  }

  /** The plain form of a field of the line; the bound is its own, so that a large field does not crowd an error out. */
  field(name: string, value: unknown): Plain {
    this.#left = mostValues
    return this.#named(name, value)
  }

  /** The plain form of a named value: nothing of it when the name says that it is a secret. */
  #named(name: string, value: unknown): Plain {
    // Whether there is a secret is none.
    if (value !== null && typeof value !== 'boolean' && this.#isSecret(name)) return redacted
    return this.value(value)
  }

  #guarded(value: object): Plain {
    if (this.#path.includes(value)) return '[circular]'
    if (this.#path.length >= deepest || this.#left <= 0) return Array.isArray(value) ? '[array]' : '[object]'
    this.#left--
    this.#path.push(value)
    try {
      return this.#object(value)
    } catch {
      // A getter, a toJSON or a proxy of the value's owner threw.
      return '[unreadable]'
    } finally {
      this.#path.pop()
    }
  }

  #object(value: object): Plain {
    if (Array.isArray(value)) return this.#list(value)
    if (value instanceof Error) return this.#error(value)
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
    if (value instanceof RegExp) return clip(String(value))
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer)
      return `[${value.byteLength} bytes]`
    if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams) return this.#entries(value)
    if (value instanceof Set) return this.#list([...value])
    if ('toJSON' in value && typeof value.toJSON === 'function') return this.value(value.toJSON())
    return this.#entries(properties(value))
  }

  #error(error: Error): Plain {
    const record: Record<string, Plain> = {}
    for (const part of errorParts) {
      const value = property(error, part)
      if (value !== undefined) record[part] = this.value(value)
    }
    return record
  }

  #list(values: readonly unknown[]): Plain {
    const list: Plain[] = []
    let previous: unknown
    for (const value of values.slice(0, longestList)) {
      if (this.#left-- <= 0) break
      // Pairs and raw headers hold the name in front of the value.
      list.push(typeof previous === 'string' ? this.#named(previous, value) : this.value(value))
      previous = value
    }
    if (list.length < values.length) list.push(`[${values.length - list.length} more]`)
    return list
  }

  #entries(entries: Iterable<readonly [unknown, unknown]>): Plain {
    const record: Record<string, Plain> = {}
    let count = 0
    for (const [key, value] of entries) {
      if (value === undefined) continue
      if (count++ >= longestList || this.#left-- <= 0) {
        record['…'] = '[more]'
        break
      }
      const name = typeof key === 'string' ? key : JSON.stringify(this.value(key))
      setField(record, name, this.#named(name, value))
    }
    return record
  }
}

/** Sets a field, also one with the name `__proto__`, which an assignment would take for the prototype. */
export function setField(record: Record<string, Plain>, name: string, value: Plain): void {
  if (name === '__proto__') Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true })
  else record[name] = value
}

function* properties(value: object): Generator<readonly [string, unknown]> {
  for (const name of Object.keys(value)) yield [name, property(value, name)]
}

/** A property of a foreign object, whose getter may throw. */
export function property(value: object, name: string): unknown {
  try {
    return Reflect.get(value, name)
  } catch {
    return '[unreadable]'
  }
}

function clip(text: string): string {
  return text.length <= longestText ? text : `${text.slice(0, longestText)}… [${text.length - longestText} more characters]`
}
