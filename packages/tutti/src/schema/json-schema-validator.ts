import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { OptionError } from '../kernel/index.ts'
import type { JsonSchema } from './json-schema.ts'
import type { Schema, StandardJSONSchemaV1, StandardSchemaV1 } from './standard.ts'

/** A schema made of a JSON Schema; it also describes itself, for API docs and serialisers. */
export type JsonSchemaSchema<T> = Schema<T> & StandardJSONSchemaV1<T>

/**
 * Makes a schema of a JSON Schema (draft 2020-12), for use wherever Tutti takes one. All problems are found, formats are checked, and
 * values stay as they are: nothing is coerced, filled in or removed. It is compiled here, once, by ajv, which makes code from strings.
 * `T` is what the schema describes; nothing checks that it does. An invalid schema throws `OptionError`.
 */
export function jsonSchema<T = unknown>(schema: JsonSchema): JsonSchemaSchema<T> {
  const fits = compile<T>(schema)
  const describe = ({ target }: StandardJSONSchemaV1.Options): Record<string, unknown> => {
    if (target === 'draft-2020-12') return { ...schema }
    throw new OptionError(`A JSON Schema of draft 2020-12 was asked for as ${target}; ask for draft-2020-12.`)
  }
  return {
    '~standard': {
      version: 1,
      vendor: 'tutti',
      validate: (value) => (fits(value) ? { value } : { issues: (fits.errors ?? []).map(toIssue) }),
      jsonSchema: { input: describe, output: describe },
    },
  }
}

// One instance for all: each would spend more than 10 ms on compiling the schema of schemas.
let shared: Ajv2020 | undefined
const known = new Set<string>()

function compile<T>(schema: JsonSchema): ValidateFunction<T> {
  const ajv = (shared ??= createAjv())
  const unknown = annotations(schema).difference(known)
  ajv.addVocabulary([...unknown])
  for (const word of unknown) known.add(word)
  try {
    return ajv.compile<T>(schema)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new OptionError(`jsonSchema() was given what is not a JSON Schema of draft 2020-12: ${reason}`, { cause: error })
  } finally {
    // Two schemas with one $id are not to be in each other's way, nor is a schema to be kept longer than its user keeps it.
    ajv.removeSchema(schema)
  }
}

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false, strictTuples: false, strictRequired: false })
  // The types want the CommonJS module here, and in Node the function is that module.
  formats.default(ajv)
  return ajv
}

/** Words that OpenAPI adds and ajv, which refuses unknown words as spelling mistakes, does not know. */
function annotations(schema: JsonSchema): ReadonlySet<string> {
  const words = new Set(['discriminator', 'example', 'externalDocs', 'xml'])
  JSON.stringify(schema, (key, value: unknown) => {
    if (key.startsWith('x-')) words.add(key)
    return value
  })
  return words
}

function toIssue(error: ErrorObject): StandardSchemaV1.Issue & { readonly code: string } {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
  const missing: unknown = error.params['missingProperty']
  return { message: error.message ?? 'is invalid', path: typeof missing === 'string' ? [...path, missing] : path, code: error.keyword }
}
