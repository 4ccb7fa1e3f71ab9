import { runInNewContext } from 'node:vm'
import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { compileValidator, isSchema, parse, ValidationError, type Schema } from '../../src/schema/index.ts'

const good = { id: 1, items: [{ price: 2 }] }
const bad = { id: 'x', items: [{ price: 'y' }] }

const libraries: readonly { name: string; schema: Schema; codes: readonly string[] }[] = [
  {
    name: 'zod',
    schema: z.object({ id: z.number(), items: z.array(z.object({ price: z.number() })) }),
    codes: ['invalid_type', 'invalid_type'],
  },
  {
    name: 'valibot',
    schema: v.object({ id: v.number(), items: v.array(v.object({ price: v.number() })) }),
    codes: ['number', 'number'],
  },
  { name: 'arktype', schema: type({ id: 'number', items: type({ price: 'number' }).array() }), codes: ['domain', 'domain'] },
]

describe.each(libraries)('a schema of $name', ({ schema, codes }) => {
  it('is a schema', () => {
    expect(isSchema(schema)).toBe(true)
  })

  it('gives a good value at once', () => {
    expect(compileValidator(schema)(good)).toEqual({ ok: true, value: good })
  })

  it('reports all problems with dotted paths and codes', () => {
    const result = compileValidator(schema)(bad)
    if (result instanceof Promise || result.ok) throw new Error('expected problems at once')
    expect(result.problems.map(({ path }) => path)).toEqual(['id', 'items.0.price'])
    expect(result.problems.map(({ code }) => code)).toEqual(codes)
    expect(result.problems.every(({ message }) => message.length > 0)).toBe(true)
  })
})

it('gives the output of transforms and defaults', () => {
  const schema = z.object({ n: z.string().transform(Number), page: z.number().default(1) })
  expect(compileValidator(schema)({ n: '4' })).toEqual({ ok: true, value: { n: 4, page: 1 } })
})

it('waits for asynchronous schemas only', async () => {
  const zod = compileValidator(z.object({ id: z.string().refine(async (id) => id === 'free', 'taken') }))
  expect(await zod({ id: 'free' })).toEqual({ ok: true, value: { id: 'free' } })
  const refused = zod({ id: 'x' })
  expect(refused).toBeInstanceOf(Promise)
  expect(await refused).toEqual({ ok: false, problems: [{ path: 'id', message: 'taken', code: 'custom' }] })
  const valibot = compileValidator(
    v.pipeAsync(
      v.string(),
      v.checkAsync(async (text) => text === 'free', 'taken'),
    ),
  )
  expect(await valibot('x')).toMatchObject({ ok: false, problems: [{ path: '', message: 'taken', code: 'check' }] })
})

it('does not take a promise of a foreign kind for a valid value', async () => {
  const issues = [{ message: 'no' }]
  // A promise as another realm makes it: `instanceof Promise` does not know it.
  const thenable: unknown = runInNewContext('Promise.resolve({ issues })', { issues })
  expect(thenable).not.toBeInstanceOf(Promise)
  const schema = { '~standard': { version: 1, vendor: 'test', validate: () => thenable } }
  if (!isSchema(schema)) throw new Error('expected a schema')
  expect(await compileValidator(schema)(1)).toEqual({ ok: false, problems: [{ path: '', message: 'no', code: 'invalid' }] })
})

it('passes on what a schema throws or rejects with', async () => {
  const fault = new RangeError('broken check')
  const throwing: Schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => {
        throw fault
      },
    },
  }
  expect(() => compileValidator(throwing)(1)).toThrow(fault)
  const rejecting = z.string().refine(() => {
    throw fault
  })
  await expect(async () => compileValidator(rejecting)('x')).rejects.toBe(fault)
})

it('reports at most 100 problems', () => {
  const result = compileValidator(z.array(z.number()))(Array.from({ length: 5000 }, () => 'x'))
  if (result instanceof Promise || result.ok) throw new Error('expected problems at once')
  expect(result.problems).toHaveLength(100)
})

it.each([[undefined], [null], [1], [{}], [{ '~standard': null }], [{ '~standard': { version: 2, validate: () => ({ value: 1 }) } }]])(
  '%o is not a schema',
  (value) => {
    expect(isSchema(value)).toBe(false)
  },
)

describe('parse', () => {
  it('gives the value', async () => {
    expect(await parse(z.coerce.number(), '4')).toBe(4)
  })

  it('throws a ValidationError that names the first problem and counts the others', async () => {
    const error = await parse(z.object({ a: z.string(), b: z.string(), c: z.string() }), { a: 1 }).catch((reason: unknown) => reason)
    if (!(error instanceof ValidationError)) throw new Error('expected a ValidationError')
    expect(error).toMatchObject({ code: 'TUTTI_VALIDATION', status: 422, name: 'ValidationError' })
    expect(error.problems).toHaveLength(3)
    expect(error.message).toBe('a: Invalid input: expected string, received number (and 2 more problems)')
  })
})
