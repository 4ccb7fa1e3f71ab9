import { spawnSync } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { compileValidator, type Schema } from '../../src/schema/index.ts'
import { compileZodAccept } from '../../src/schema/zod-accept.ts'
import { readZod } from '../../src/schema/zod-accept-read.ts'

interface Tree {
  readonly children: readonly Tree[]
}
const tree: z.ZodType<Tree> = z.object({
  get children() {
    return z.array(tree)
  },
})
const endless = (): z.ZodType => z.object({ get next() { return endless() } }) // prettier-ignore
const Shout = z.core.$constructor('Shout', (inst: z.core.$ZodString, def: z.core.$ZodStringDef) => {
  z.core.$ZodString.init(inst, def)
  inst._zod.parse = (payload) => Object.assign(payload, { value: `${payload.value}!` })
})
const mark = Symbol('mark')
const conditional = new z.core.$ZodCheckRegex({ check: 'string_format', format: 'regex', pattern: /a/, when: () => false })
const unknownParts: Readonly<Record<string, { readonly schema: Schema; readonly good: unknown }>> = {
  refinement: { schema: z.object({ a: z.string() }).refine(() => true), good: { a: 'a' } },
  'refined part': { schema: z.object({ a: z.string().refine((text) => text === 'a') }), good: { a: 'a' } },
  'asynchronous refinement': { schema: z.string().refine(async () => true), good: 'a' },
  'condition on a check': { schema: z.string().check(conditional), good: 'b' },
  transform: { schema: z.string().transform((text) => text.length), good: 'abc' },
  preprocess: { schema: z.preprocess(String, z.string()), good: 1 },
  coercion: { schema: z.object({ a: z.coerce.number() }), good: { a: '1' } },
  catch: { schema: z.string().catch('caught'), good: 1 },
  prefault: { schema: z.string().prefault('x'), good: undefined },
  readonly: { schema: z.object({ a: z.string() }).readonly(), good: { a: 'a' } },
  record: { schema: z.record(z.string(), z.number()), good: { a: 1 } },
  map: { schema: z.map(z.string(), z.number()), good: new Map([['a', 1]]) },
  intersection: { schema: z.intersection(z.object({ a: z.string() }), z.object({ b: z.string() })), good: { a: 'a', b: 'b' } },
  'exclusive union': { schema: z.xor([z.string(), z.string().min(1)]), good: '' },
  'catchall of its own': { schema: z.object({}).catchall(z.string()), good: { a: 'a' } },
  'optional item': { schema: z.tuple([z.string(), z.string().optional()]), good: ['a'] },
  rest: { schema: z.tuple([z.string()], z.number()), good: ['a', 1] },
  'format of its own': { schema: z.stringFormat('email', (text) => text === 'me'), good: 'me' },
  'key __proto__': { schema: z.object({ ['__proto__']: z.string() }), good: JSON.parse('{"__proto__":"a"}') },
  symbol: { schema: z.object({ [mark]: z.string() } as Record<never, z.ZodType>), good: { [mark]: 'a' } },
  lazy: { schema: z.lazy(() => z.string()), good: 'a' },
  recursion: { schema: tree, good: { children: [{ children: [] }] } },
  'kind of its own': { schema: new Shout({ type: 'string' }), good: 'a' },
  'checked array': { schema: z.array(z.string()).refine((list) => list.length > 0), good: ['a'] },
  'compiled by zod': { schema: z.compile(z.object({ a: z.string() })), good: { a: 'a' } },
}

describe('a schema with a part that is not known', () => {
  it.each(Object.entries(unknownParts))('is left to zod: %s', async (_, { schema, good }) => {
    expect(readZod(schema)).toBeUndefined()
    const expected = await schema['~standard'].validate(good)
    expect(await compileValidator(schema)(good)).toEqual(
      'value' in expected ? { ok: true, value: expected.value } : { ok: false, problems: expect.any(Array) },
    )
  })

  it('is left to zod if it makes a new part whenever one is read', () => {
    expect(readZod(endless())).toBeUndefined()
  })

  it('is left to zod if it is of a release that was not looked at', () => {
    const schema = z.string()
    expect(readZod(schema)).toBeDefined()
    expect(
      readZod({ _zod: { ...schema._zod, def: schema._zod.def, traits: schema._zod.traits, version: { major: 4, minor: 5, patch: 0 } } }),
    ).toBeUndefined()
    expect(readZod({ _zod: {} })).toBeUndefined()
    expect(readZod('zod')).toBeUndefined()
  })
})

it('knows the release of zod that is installed', () => {
  expect(
    readZod(z.object({ a: z.string() })),
    'look at what changed in zod, then add its minor release in zod-accept-read.ts',
  ).toBeDefined()
})

it('takes the place of zod for good values, and of nothing else', async () => {
  const schema = z.object({ a: z.string() })
  const zod = vi.fn(schema['~standard'].validate)
  const validate = compileValidator({ '~standard': { ...schema['~standard'], validate: zod }, _zod: schema._zod } as Schema)
  // What compiles is loaded when it is first needed.
  await expect
    .poll(() => {
      zod.mockClear()
      expect(validate({ a: 'a', b: 1 })).toStrictEqual({ ok: true, value: { a: 'a' } })
      return zod.mock.calls
    })
    .toEqual([])
  expect(validate({ a: 1 })).toMatchObject({ ok: false, problems: [{ path: 'a', code: 'invalid_type' }] })
  expect(zod).toHaveBeenCalledOnce()
})

it('copies what it accepts, and only the known keys of it', () => {
  const input = { nested: { list: [{ a: 1, more: 2 }] }, __proto__: { a: 1 }, more: 1 }
  const accept = compileZodAccept(z.object({ nested: z.object({ list: z.array(z.object({ a: z.number() })) }) }))
  const output = accept(input)?.value
  expect(output).toStrictEqual({ nested: { list: [{ a: 1 }] } })
  expect(output).not.toBe(input)
})

it('keeps undefined where it is written and adds none where it is not', () => {
  const accept = compileZodAccept(z.object({ a: z.string().optional(), b: z.string() }))
  expect(Reflect.ownKeys(Object(accept({ b: 'b', a: undefined })?.value))).toEqual(['a', 'b'])
  expect(Reflect.ownKeys(Object(accept({ b: 'b' })?.value))).toEqual(['b'])
})

it('does not let an unknown __proto__ key set a prototype', () => {
  const output = compileZodAccept(z.looseObject({}))(JSON.parse('{"__proto__":{"admin":true},"a":1}'))?.value
  expect(output).toStrictEqual({ a: 1 })
  expect(Reflect.get(Object(output), 'admin')).toBeUndefined()
})

it('makes a default anew each time', () => {
  const accept = compileZodAccept(z.object({ list: z.array(z.string()).default(() => []) }))
  const [first, second] = [accept({})?.value, accept({})?.value]
  expect(first).toStrictEqual({ list: [] })
  expect(Reflect.get(Object(first), 'list')).not.toBe(Reflect.get(Object(second), 'list'))
})

it('treats every name and text of a schema as data', () => {
  const odd = '"]; throw new Error(`x`); //\\\u2028\n${1}'
  const schema = z.object({ [odd]: z.literal(odd), b: z.string().startsWith(odd).includes(odd), c: z.enum([odd, "'"]) })
  const value = { [odd]: odd, b: odd, c: "'" }
  expect(compileZodAccept(schema)(value)?.value).toStrictEqual(value)
})

it('lets what a getter or a default throws come from zod', async () => {
  const thrown = new Error('thrown')
  const schema = z.object({
    a: z.string().default(() => {
      throw thrown
    }),
  })
  expect(compileZodAccept(schema)({})).toBeUndefined()
  await expect(compileValidator(schema)({})).rejects.toBe(thrown)
})

it('does not count the code points of a text that is too long in any case', () => {
  const text = '😀'.repeat(10_000_000)
  const accept = compileZodAccept(z.string().max(10))
  const start = performance.now()
  for (let i = 0; i < 1000; i++) accept(text)
  // Counting takes some 50 ms each time.
  expect(performance.now() - start).toBeLessThan(10_000)
})

it('validates where making code from strings is not allowed', () => {
  const source = new URL('../../src/schema/index.ts', import.meta.url).href
  const script = `
    import * as z from ${JSON.stringify(import.meta.resolve('zod'))}
    import { compileValidator } from ${JSON.stringify(source)}
    const validate = compileValidator(z.object({ a: z.string() }))
    validate({ a: 'x' })
    await import(${JSON.stringify(new URL('zod-accept.ts', source).href)})
    process.stdout.write(JSON.stringify([validate({ a: 'x', b: 1 }), validate({ a: 1 }).ok]))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--disallow-code-generation-from-strings', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual([{ ok: true, value: { a: 'x' } }, false])
})
