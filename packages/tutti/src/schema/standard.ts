import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

export type { StandardJSONSchemaV1, StandardSchemaV1 }

/** Any Standard Schema: zod, valibot, arktype, `jsonSchema()` from `tutti/json-schema`, and whatever else speaks the standard. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>

/** What a schema takes. */
export type InferInput<S extends Schema> = StandardSchemaV1.InferInput<S>

/** What a schema gives once it has validated. */
export type InferOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>

/** Whether a value is a Standard Schema of version 1. Some libraries make schemas functions, so both objects and functions are looked at. */
export function isSchema(value: unknown): value is Schema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value)) return false
  const standard = value['~standard']
  if (typeof standard !== 'object' || standard === null) return false
  return 'version' in standard && standard.version === 1 && 'validate' in standard && typeof standard.validate === 'function'
}
