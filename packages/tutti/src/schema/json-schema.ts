import { OptionError } from '../kernel/index.ts'
import type { Schema, StandardJSONSchemaV1 } from './standard.ts'

/** A JSON Schema of draft 2020-12, the dialect of OpenAPI 3.1. Keywords that are not listed pass through as they are. */
export interface JsonSchema {
  readonly $schema?: string
  readonly $id?: string
  readonly $anchor?: string
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema | boolean>>
  readonly $comment?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly deprecated?: boolean
  readonly readOnly?: boolean
  readonly writeOnly?: boolean
  readonly examples?: readonly unknown[]
  readonly type?: JsonSchemaType | readonly JsonSchemaType[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly contentEncoding?: string
  readonly contentMediaType?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly properties?: Readonly<Record<string, JsonSchema | boolean>>
  readonly patternProperties?: Readonly<Record<string, JsonSchema | boolean>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly unevaluatedProperties?: JsonSchema | boolean
  readonly propertyNames?: JsonSchema | boolean
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>
  readonly required?: readonly string[]
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly prefixItems?: readonly (JsonSchema | boolean)[]
  readonly items?: JsonSchema | boolean
  readonly contains?: JsonSchema | boolean
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly allOf?: readonly (JsonSchema | boolean)[]
  readonly anyOf?: readonly (JsonSchema | boolean)[]
  readonly oneOf?: readonly (JsonSchema | boolean)[]
  readonly not?: JsonSchema | boolean
  readonly if?: JsonSchema | boolean
  readonly then?: JsonSchema | boolean
  readonly else?: JsonSchema | boolean
  /** OpenAPI 3.1: which property tells the options of `oneOf` apart. */
  readonly discriminator?: { readonly propertyName: string; readonly mapping?: Readonly<Record<string, string>> }
  /** Extensions, such as OpenAPI's. */
  readonly [extension: `x-${string}`]: unknown
}

/** The types that JSON Schema knows. */
export type JsonSchemaType = 'string' | 'number' | 'integer' | 'boolean' | 'null' | 'array' | 'object'

interface ZodNode {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly type: string } } }
  readonly jsonSchema: { type?: string; format?: string }
}

interface ArkNode {
  readonly base: Readonly<Record<string, unknown>>
}

// What each library wants to be told so that it describes all types: what JSON has no word for becomes {}, a date its ISO 8601 text.
const libraryOptions: Readonly<Record<string, Record<string, unknown>>> = {
  zod: {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }: ZodNode) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, dateSchema)
    },
  },
  arktype: {
    fallback: {
      date: ({ base }: ArkNode) => ({ ...base, ...dateSchema }),
      default: ({ base }: ArkNode) => base,
    },
  },
}
const dateSchema = { type: 'string', format: 'date-time' } as const

/**
 * The JSON Schema (draft 2020-12) of what a schema takes (`input`) or gives (`output`), by way of Standard JSON Schema: zod from 4.2 and
 * arktype from 2.1.28 have it built in, valibot through `toStandardJsonSchema` of `@valibot/to-json-schema`. A date becomes
 * `{ type: 'string', format: 'date-time' }`, and whatever JSON Schema has no word for (bigint, transforms) `{}`.
 * `undefined` where the schema cannot be described; a schema that contradicts itself, such as two parts with one id, throws `OptionError`.
 */
export function toJsonSchema(schema: Schema, side: 'input' | 'output'): JsonSchema | undefined {
  const standard = schema['~standard']
  if (!describesItself(standard)) return undefined
  const forLibrary = Object.hasOwn(libraryOptions, standard.vendor) ? libraryOptions[standard.vendor] : undefined
  try {
    return standard.jsonSchema[side]({ target: 'draft-2020-12', ...(forLibrary && { libraryOptions: forLibrary }) })
  } catch (error) {
    // The standard lets a library throw for what it cannot describe. Those that were told how to describe everything have another reason.
    if (forLibrary === undefined) return undefined
    const reason = error instanceof Error ? error.message : String(error)
    throw new OptionError(`A ${standard.vendor} schema cannot be turned into JSON Schema: ${reason}`, { cause: error })
  }
}

function describesItself(standard: Schema['~standard']): standard is Schema['~standard'] & StandardJSONSchemaV1.Props {
  if (!('jsonSchema' in standard)) return false
  const converter = standard.jsonSchema
  return typeof converter === 'object' && converter !== null && 'input' in converter && 'output' in converter
}
