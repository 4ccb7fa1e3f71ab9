import { TuttiError } from '../kernel/index.ts'
import type { JsonSchema } from './json-schema.ts'
import { compileProjection } from './project.ts'

/** Writes a value as JSON text. */
export type Serializer = (value: unknown) => string

/**
 * Compiles a serialiser that writes what `JSON.stringify` would, but of objects only the properties that the schema names (in the order
 * of the schema): what a handler has loaded and the schema does not show stays inside. Without a schema everything is written.
 * `undefined` and functions become `null`. A bigint or a value that contains itself throws `TUTTI_SERIALIZE_FAILED`.
 */
export function compileSerializer(schema: JsonSchema | undefined): Serializer {
  // Projecting and the engine's own stringify beat building the text: that one writes texts many bytes at a time.
  const project = schema === undefined ? undefined : compileProjection(schema)
  if (project === undefined) return (value) => write(value, value)
  return (value) => {
    let seen: unknown
    try {
      seen = project(value)
    } catch (error) {
      throw explained(error, value)
    }
    return write(seen, value)
  }
}

function write(seen: unknown, value: unknown): string {
  try {
    // The types of the language leave out that this gives undefined for undefined and functions.
    const text: string | undefined = JSON.stringify(seen)
    return text ?? 'null'
  } catch (error) {
    throw explained(error, value)
  }
}

/** The reason why a value cannot be written, in words that help; errors of a `toJSON` pass as they are. */
function explained(error: unknown, value: unknown): unknown {
  const fault = findFault(value, [])
  if (fault === undefined) return error
  const where = fault.path === '' ? 'The value' : `The value at ${fault.path}`
  const what =
    fault.kind === 'bigint'
      ? 'is a bigint, which JSON cannot hold; turn it into a string, or into a number where it is small enough'
      : 'contains itself, so its JSON would not end; leave one of the references out'
  return new TuttiError('TUTTI_SERIALIZE_FAILED', `${where} ${what}.`, { cause: error })
}

function findFault(value: unknown, path: readonly { key: string; of: object }[]): { kind: 'bigint' | 'circle'; path: string } | undefined {
  const dotted = (): string => path.map(({ key }) => key).join('.')
  if (typeof value === 'bigint') return { kind: 'bigint', path: dotted() }
  if (typeof value !== 'object' || value === null || ('toJSON' in value && typeof value.toJSON === 'function')) return undefined
  if (path.some(({ of }) => of === value)) return { kind: 'circle', path: dotted() }
  for (const [key, inner] of Object.entries(value)) {
    const fault = findFault(inner, [...path, { key, of: value }])
    if (fault !== undefined) return fault
  }
  return undefined
}
