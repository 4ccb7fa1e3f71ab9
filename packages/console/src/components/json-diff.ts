import { below, entriesOf, kindOf } from './json-lines.ts'

/** A difference between two values, at one place. */
export interface JsonChange {
  /** As in a JSON Pointer; empty for the value as a whole. */
  readonly path: string
  readonly kind: 'added' | 'removed' | 'changed'
  readonly before: unknown
  readonly after: unknown
}

/** What changed from one value to another, field by field; arrays are compared item by item at the same place. */
export function jsonDiff(before: unknown, after: unknown, path = ''): readonly JsonChange[] {
  if (Object.is(before, after)) return []
  const kind = kindOf(before)
  if (kind !== kindOf(after) || (kind !== 'object' && kind !== 'array')) return [{ path, kind: 'changed', before, after }]
  const [old, new_] = [new Map(entriesOf(before)), new Map(entriesOf(after))]
  return [...new Set([...old.keys(), ...new_.keys()])].flatMap((key): readonly JsonChange[] => {
    const place = below(path, key)
    if (!new_.has(key)) return [{ path: place, kind: 'removed', before: old.get(key), after: undefined }]
    if (!old.has(key)) return [{ path: place, kind: 'added', before: undefined, after: new_.get(key) }]
    return jsonDiff(old.get(key), new_.get(key), place)
  })
}
