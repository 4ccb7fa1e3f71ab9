import fc from 'fast-check'
import { expect, it } from 'vitest'
import { compileValidator, type Schema, type Validated } from '../../src/schema/index.ts'
import { compileZodAccept } from '../../src/schema/zod-accept.ts'
import { readZod } from '../../src/schema/zod-accept-read.ts'
import { cases } from './zod-accept-cases.ts'

/** Says where two values differ: in keys, their order, prototypes, or in being the same object where the input passed through. */
function difference(actual: unknown, expected: unknown, inputs: ReadonlySet<unknown>): string | undefined {
  if (Object.is(actual, expected)) return undefined
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) return 'values'
  if (inputs.has(actual) || inputs.has(expected)) return 'a copy and the input'
  if (Object.getPrototypeOf(actual) !== Object.getPrototypeOf(expected)) return 'prototypes'
  const [own, wanted] = [Reflect.ownKeys(actual), Reflect.ownKeys(expected)]
  if (own.length !== wanted.length || own.some((key, index) => key !== wanted[index])) return `keys ${own.join()} and ${wanted.join()}`
  return own.map((key) => difference(Reflect.get(actual, key), Reflect.get(expected, key), inputs)).find((found) => found !== undefined)
}

function objectsIn(value: unknown, found = new Set<unknown>()): Set<unknown> {
  if (typeof value !== 'object' || value === null || found.has(value)) return found
  found.add(value)
  for (let at: unknown = value; at !== null && at !== Object.prototype && at !== Array.prototype; at = Object.getPrototypeOf(at)) {
    if (typeof at !== 'object' || at === null) break
    for (const key of Reflect.ownKeys(at)) {
      const descriptor = Object.getOwnPropertyDescriptor(at, key)
      objectsIn(descriptor?.get ? attempt(descriptor.get) : descriptor?.value, found)
    }
  }
  return found
}

function attempt(get: () => unknown): unknown {
  try {
    return get()
  } catch {
    return undefined
  }
}

/** What zod alone says, in the words of a validator; the error where it rejects. */
async function zodSays(schema: Schema, value: unknown): Promise<unknown> {
  try {
    const result = await schema['~standard'].validate(value)
    return result.issues
      ? { problems: result.issues.map(({ path, message }) => ({ path: (path ?? []).map(String).join('.'), message })) }
      : { value: result.value }
  } catch (error) {
    return { error: String(error) }
  }
}

async function tuttiSays(validate: (value: unknown) => Validated<unknown> | Promise<Validated<unknown>>, value: unknown): Promise<unknown> {
  try {
    const result = await validate(value)
    return result.ok ? { value: result.value } : { problems: result.problems.map(({ path, message }) => ({ path, message })) }
  } catch (error) {
    return { error: String(error) }
  }
}

function has(result: unknown, key: string): boolean {
  return typeof result === 'object' && result !== null && key in result
}

it('gives for any schema of known parts and any value exactly what zod gives, and leaves nothing to zod that zod accepts', async () => {
  const tally = { accepted: 0, rejected: 0 }
  const schemasAndValues = cases.chain((one) =>
    fc.record({ one: fc.constant(one), values: fc.array(one.values, { minLength: 1, maxLength: 8 }) }),
  )
  await fc.assert(
    fc.asyncProperty(schemasAndValues, async ({ one: { schema }, values }) => {
      if (readZod(schema) === undefined) return expect(readZod(schema), 'the schema is not compiled').toBeDefined()
      const validate = compileValidator(schema)
      const accept = compileZodAccept(schema)
      for (const value of values) {
        const [expected, actual] = [await zodSays(schema, value), await tuttiSays(validate, value)]
        const accepted = accept(value) !== undefined
        // In a union, zod goes on with an option after its first problem, and what throws there ends it all; here the next option has its turn.
        if (has(expected, 'error') && accepted) continue
        expect(difference(actual, expected, objectsIn(value))).toBeUndefined()
        expect(accepted).toBe(has(expected, 'value'))
        tally[accepted ? 'accepted' : 'rejected']++
      }
    }),
    { numRuns: 1500 },
  )
  // Or this compares problems only.
  expect(tally.accepted).toBeGreaterThan(1500)
  expect(tally.rejected).toBeGreaterThan(1000)
})
