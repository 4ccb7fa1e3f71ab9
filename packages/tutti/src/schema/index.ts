export { isSchema, type InferInput, type InferOutput, type Schema, type StandardJSONSchemaV1, type StandardSchemaV1 } from './standard.ts'
export { ValidationError, type ValidationProblem } from './errors.ts'
export { compileValidator, parse, type Validated, type Validator } from './validate.ts'
export { toJsonSchema, type JsonSchema, type JsonSchemaType } from './json-schema.ts'

// Symbols above are relevant to applications. Symbols below only for Tutti's other folders.
export { compileSerializer, type Serializer } from './serialize.ts'
