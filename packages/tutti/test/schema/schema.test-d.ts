import { type } from 'arktype'
import * as v from 'valibot'
import * as z from 'zod'
import {
  compileSerializer,
  compileValidator,
  isSchema,
  parse,
  type InferInput,
  type InferOutput,
  type JsonSchema,
  type Schema,
  type Validated,
  type Validator,
} from '../../src/schema/index.ts'
import { jsonSchema } from 'tutti/json-schema'

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function assert<_T extends true>(): void {}

const zod = z.object({ n: z.string().transform(Number) })
const valibot = v.object({ n: v.pipe(v.string(), v.transform(Number)) })
const ark = type({ n: type('string').pipe((text) => Number(text)) })

assert<Equals<InferInput<typeof zod>, { n: string }>>()
assert<Equals<InferOutput<typeof zod>, { n: number }>>()
assert<Equals<InferInput<typeof valibot>, { n: string }>>()
assert<Equals<InferOutput<typeof valibot>, { n: number }>>()
assert<Equals<InferOutput<typeof ark>, { n: number }>>()
assert<Equals<ReturnType<typeof compileValidator<typeof zod>>, Validator<{ n: number }>>>()

const own = jsonSchema<{ id: number }>({ type: 'object' })
assert<Equals<InferOutput<typeof own>, { id: number }>>()

const parsed = parse(valibot, {})
assert<Equals<Awaited<typeof parsed>, { n: number }>>()

const list: readonly Schema[] = [zod, valibot, ark, own]
const typed: Schema<{ n: string }, { n: number }> = zod
const described: JsonSchema = { type: ['string', 'null'], properties: { a: true }, 'x-internal': 1 }

const result = compileValidator(zod)({}) as Validated<{ n: number }>
if (result.ok) assert<Equals<typeof result.value, { n: number }>>()
// @ts-expect-error problems exist only where it is not ok
else void result.value
// @ts-expect-error a JSON Schema is not a Standard Schema
compileValidator(described)
// @ts-expect-error a Standard Schema is not a JSON Schema
compileSerializer(z.string())
// @ts-expect-error the output is a number
const wrong: Schema<unknown, { n: string }> = zod
// @ts-expect-error types are those of JSON Schema
const misspelt: JsonSchema = { type: 'int' }

const unknown: unknown = list[0]
if (isSchema(unknown)) assert<Equals<typeof unknown, Schema>>()
void [typed, wrong, misspelt]
