import fc from 'fast-check'
import * as z from 'zod'
import * as mini from 'zod/mini'

/** A schema, and values of which it accepts many. */
export interface Case {
  readonly schema: z.core.$ZodType
  readonly values: fc.Arbitrary<unknown>
}

const keys = fc.constantFrom('a', 'b', 'c', '1', '0', 'constructor', 'toString', 'length', 'x y', '"q\\', '\u2028')

class Person {
  readonly a = 'a'
  get b(): string {
    return 'b'
  }
}

// Fresh ones each time: what is given back as it is must be told apart from a copy.
const hostile = fc
  .constantFrom<() => unknown>(
    () => new Person(),
    () => Object.create({ a: 'inherited', b: 1, c: true }),
    () => Object.assign(Object.create(null), { a: 'a', b: 'b' }),
    () => JSON.parse('{"__proto__":{"a":"a"},"b":"b"}'),
    () => [undefined, , 'a'], // oxlint-disable-line no-sparse-arrays -- holes are what is tested
    () => new Date(Number.NaN),
    () => new Date(0),
    () => new Map(),
    () => new String('a'),
    () => () => 'a',
    () => new Proxy({ a: 'a', b: 1 }, {}),
    () => new Proxy({ a: 'a', b: 1, c: undefined }, { has: () => false }),
    () => Symbol('a'),
    () => ({
      get a(): never {
        throw new Error('getter')
      },
    }),
  )
  .map((make) => make())

const garbage = fc.oneof(
  fc.constantFrom(undefined, null, true, false, '', 'a', 'b', 0, -0, 1, 1.5, -1, Number.NaN, Infinity, -Infinity, 2 ** 53, 1n),
  fc.constant([]),
  fc.constant({}),
  hostile,
  fc.anything({ maxDepth: 2, withNullPrototype: true, withSparseArray: true, withBigInt: true }),
)

/** Mostly what is given, and garbage. */
function nearly(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 14, arbitrary: values }, { weight: 1, arbitrary: garbage })
}

const short = fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', 'A', ' ', '1', '😀', '\ud83d', '\ude00', '\n') })
const numbers = fc.oneof(fc.integer({ min: -3, max: 12 }), fc.double({ min: -10, max: 10 }), fc.double(), fc.maxSafeInteger())

const stringChecks: readonly ((schema: z.ZodString) => z.ZodString)[] = [
  (s) => s.min(1),
  (s) => s.min(3),
  (s) => s.min(0),
  (s) => s.max(3),
  (s) => s.max(200),
  (s) => s.length(2),
  (s) => s.length(0),
  (s) => s.nonempty(),
  (s) => s.regex(/a/),
  (s) => s.regex(/a/g),
  (s) => s.regex(/a/y),
  (s) => s.regex(/^\p{L}*$/u),
  (s) => s.startsWith('a'),
  (s) => s.endsWith('b'),
  (s) => s.includes('a'),
  (s) => s.includes('a', { position: 1 }),
  (s) => s.lowercase(),
  (s) => s.uppercase(),
  (s) => s.trim(),
  (s) => s.toLowerCase(),
  (s) => s.toUpperCase(),
  (s) => s.normalize(),
]

const numberChecks: readonly ((schema: z.ZodNumber) => z.ZodNumber)[] = [
  (n) => n.min(0),
  (n) => n.max(5),
  (n) => n.gt(0),
  (n) => n.lt(5.5),
  (n) => n.min(-0),
  (n) => n.max(Infinity),
  (n) => n.int(),
  (n) => n.safe(),
  (n) => n.finite(),
  (n) => n.positive(),
  (n) => n.nonnegative(),
  (n) => n.multipleOf(0.1),
  (n) => n.multipleOf(2),
]

function pipe<S>(start: S, checks: readonly ((schema: S) => S)[]): S {
  return checks.reduce((schema, check) => check(schema), start)
}

const texts = fc.subarray([...stringChecks], { maxLength: 3 }).map((checks): Case => ({
  schema: pipe(z.string(), checks),
  values: nearly(
    fc.oneof(
      short,
      short.map((s) => `a${s}b`),
      fc.constant('ab'),
    ),
  ),
}))

const amounts = fc
  .tuple(fc.constantFrom<() => z.ZodNumber>(z.number, z.int), fc.subarray([...numberChecks], { maxLength: 3 }))
  .map(([start, checks]): Case => ({ schema: pipe(start(), checks), values: nearly(numbers) }))

const anyDomain = { hostname: /^a\.example$/, protocol: /^https$/ }
const formats = fc.constantFrom<Case>(
  { schema: z.email(), values: nearly(fc.constantFrom('a@example.com', 'a@', 'A.b+c@example.org')) },
  { schema: z.string().email().max(20), values: nearly(fc.constantFrom('a@example.com', 'someone.longer@example.com')) },
  { schema: z.email({ pattern: /@/g }), values: nearly(short.map((s) => `${s}@`)) },
  { schema: z.uuid(), values: nearly(fc.uuid()) },
  { schema: z.uuidv7(), values: nearly(fc.uuid()) },
  { schema: z.guid(), values: nearly(fc.uuid()) },
  {
    schema: z.url(),
    values: nearly(fc.oneof(fc.webUrl(), fc.constantFrom(' https://a.example/\n', 'https://exa\nmple.com', 'http:', 'a:b'))),
  },
  { schema: z.url(anyDomain), values: nearly(fc.constantFrom('https://a.example/x', 'http://a.example', 'https://b.example')) },
  { schema: z.url({ normalize: true }), values: nearly(fc.constantFrom('HTTPS://A.example', 'https://a.example/../b')) },
  { schema: z.string().url().endsWith('x'), values: nearly(fc.constantFrom('https://a.example/x', 'https://a.example/x ')) },
  { schema: z.ipv4(), values: nearly(fc.ipV4()) },
  { schema: z.ipv6(), values: nearly(fc.ipV6()) },
  { schema: z.cidrv6(), values: nearly(fc.constantFrom('::/64', '::1/129')) },
  { schema: z.base64(), values: nearly(fc.base64String()) },
  { schema: z.base64url(), values: nearly(fc.constantFrom('YQ', 'YQ==', '-_', '*')) },
  { schema: z.jwt(), values: nearly(fc.constantFrom('eyJhbGciOiJIUzI1NiJ9.e30.x', 'a.b.c')) },
  { schema: z.iso.datetime(), values: nearly(fc.date({ noInvalidDate: true }).map((d) => d.toISOString())) },
  { schema: z.iso.date(), values: nearly(fc.constantFrom('2026-02-28', '2026-02-30')) },
  { schema: z.iso.time({ precision: 3 }), values: nearly(fc.constantFrom('10:00:00.123', '10:00')) },
  { schema: z.iso.duration(), values: nearly(fc.constantFrom('P1D', '1d')) },
  { schema: z.nanoid(), values: nearly(fc.string({ minLength: 21, maxLength: 21, unit: fc.constantFrom('a', '_', '!') })) },
  { schema: z.emoji(), values: nearly(short) },
  { schema: z.int32(), values: nearly(fc.oneof(numbers, fc.constantFrom(2 ** 31, 2 ** 31 - 1, -(2 ** 31)))) },
  { schema: z.uint32(), values: nearly(fc.oneof(numbers, fc.constantFrom(2 ** 32, 2 ** 32 - 1))) },
  { schema: z.float32(), values: nearly(fc.double()) },
  { schema: z.float64(), values: nearly(fc.double()) },
)

const others = fc.constantFrom<Case>(
  { schema: z.boolean(), values: nearly(fc.boolean()) },
  { schema: z.unknown(), values: garbage },
  { schema: z.any(), values: garbage },
  { schema: z.null(), values: nearly(fc.constant(null)) },
  { schema: z.undefined(), values: nearly(fc.constant(undefined)) },
  { schema: z.void(), values: nearly(fc.constant(undefined)) },
  { schema: z.literal('a'), values: nearly(fc.constantFrom('a', 'b')) },
  {
    schema: z.literal(['a', 1, null, true, undefined, 2n, Number.NaN, 0]),
    values: nearly(fc.constantFrom('a', 1, 2n, Number.NaN, -0, '1')),
  },
  { schema: z.literal([undefined, null, false]), values: garbage },
  { schema: z.enum(['a', 'b']), values: nearly(fc.constantFrom('a', 'b', 'c')) },
  { schema: z.enum({ A: 0, B: 'x', 0: 'A' }), values: nearly(fc.constantFrom(0, 'x', 'A', 'B')) },
  { schema: z.enum([...'abcdefghijkl']), values: nearly(fc.constantFrom(...'abcdefghijklm')) },
  { schema: z.bigint().min(1n).multipleOf(2n), values: nearly(fc.bigInt({ min: 0n, max: 9n })) },
  { schema: z.int64(), values: nearly(fc.bigInt()) },
  { schema: z.date(), values: nearly(fc.date()) },
  { schema: z.date().min(new Date(0)), values: nearly(fc.date()) },
  { schema: mini.string().check(mini.minLength(2), mini.trim()), values: nearly(short) },
  { schema: mini.email(), values: nearly(fc.constantFrom('a@example.com', 'a')) },
  { schema: z.string().brand('Id').meta({ id: undefined, title: 'an id' }).describe('text'), values: nearly(short) },
  { schema: z.string({ error: 'no text' }).min(2, 'too short'), values: nearly(short) },
)

/** Objects with the given properties, in any order, some of them lacking, with more around them and of odd kinds. */
function objects(shape: Readonly<Record<string, Case>>): fc.Arbitrary<unknown> {
  const names = Object.keys(shape)
  const present = fc.record(Object.fromEntries(names.map((name) => [name, shape[name]?.values ?? fc.constant(undefined)])), {
    requiredKeys: [],
  })
  const whole = fc.record(Object.fromEntries(names.map((name) => [name, shape[name]?.values ?? fc.constant(undefined)])))
  const entries = fc.oneof({ weight: 4, arbitrary: whole }, { weight: 2, arbitrary: present }).map((object) => Object.entries(object))
  const more = fc.oneof(
    { weight: 3, arbitrary: fc.constant<[string, unknown][]>([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.tuple(fc.oneof(keys, fc.constantFrom('__proto__', 'more', 'hasOwnProperty')), garbage), { maxLength: 2 }),
    },
  )
  const form = fc.oneof({ weight: 8, arbitrary: fc.constant('plain') }, fc.constantFrom('null', 'getters', 'inherited', 'hidden'))
  return fc.record({ entries, more, form, reverse: fc.boolean() }).map(({ entries: own, more: extra, form: kind, reverse }) => {
    const all = [...extra.filter(([name]) => !names.includes(name)), ...own]
    return build(reverse ? all.toReversed() : all, kind)
  })
}

function build(entries: readonly (readonly [string, unknown])[], form: string): object {
  const object: object = form === 'null' ? Object.create(null) : {}
  for (const [key, value] of entries) {
    if (form === 'getters') Object.defineProperty(object, key, { get: () => value, enumerable: true, configurable: true })
    else Object.defineProperty(object, key, { value, enumerable: form !== 'hidden', configurable: true, writable: true })
  }
  return form === 'inherited' ? Object.create(object) : object
}

function objectCase(shape: Readonly<Record<string, Case>>, form: string): Case {
  const parts = Object.fromEntries(Object.entries(shape).map(([name, { schema }]) => [name, schema]))
  const values = nearly(objects(shape))
  if (form === 'strict') return { schema: z.strictObject(parts), values }
  if (form === 'loose') return { schema: z.looseObject(parts), values }
  if (form === 'mini') return { schema: mini.object(parts), values }
  return { schema: form === 'partial' ? z.object(parts).partial() : z.object(parts), values }
}

function tagged(options: readonly Readonly<Record<string, Case>>[]): Case {
  const tags = ['x', 1, null, undefined]
  const all = options.map((shape, index) => ({ ...shape, tag: { schema: z.literal(tags[index]), values: fc.constant(tags[index]) } }))
  const [first, ...rest] = all.map((shape) => z.object(Object.fromEntries(Object.entries(shape).map(([key, { schema }]) => [key, schema]))))
  if (first === undefined) throw new Error('there is at least one')
  return { schema: z.discriminatedUnion('tag', [first, ...rest]), values: nearly(fc.oneof(...all.map(objects))) }
}

function defaulted({ schema, values }: Case, form: string): Case {
  const taken = fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.constant(undefined) })
  const inner = z.union([schema])
  switch (form) {
    case 'value':
      return { schema: z._default(inner, 'default'), values: taken }
    case 'list':
      return { schema: z._default(inner, [1, 2]), values: taken }
    case 'object':
      return { schema: z._default(inner, () => ({ made: true })), values: taken }
    case 'undefined':
      return { schema: z._default(inner, () => undefined), values: taken }
    case 'throws':
      return { schema: z._default(inner, () => thrown()), values: taken }
    default:
      return { schema: z._default(z.nullable(schema), 1), values: taken }
  }
}

function thrown(): never {
  throw new Error('no default today')
}

/** Schemas of supported parts only. */
export const cases = fc.letrec<{ any: Case; object: Case }>((tie) => {
  const shape = fc.dictionary(keys, tie('any'), { maxKeys: 4, noNullPrototype: true })
  return {
    any: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 2, arbitrary: texts },
      { weight: 2, arbitrary: amounts },
      formats,
      others,
      { weight: 4, arbitrary: tie('object') },
      tie('any').map(({ schema, values }) => ({ schema: z.optional(schema), values: fc.oneof(values, fc.constant(undefined)) })),
      tie('any').map(({ schema, values }) => ({ schema: z.nullable(schema), values: fc.oneof(values, fc.constant(null)) })),
      tie('any').map(({ schema, values }) => ({ schema: z.nullish(schema), values: fc.oneof(values, fc.constantFrom(null, undefined)) })),
      tie('any').map(({ schema, values }) => ({ schema: z.exactOptional(schema), values: fc.oneof(values, fc.constant(undefined)) })),
      fc
        .tuple(tie('any'), fc.constantFrom('value', 'list', 'object', 'undefined', 'throws', 'nullable'))
        .map(([inner, form]) => defaulted(inner, form)),
      tie('any').map(({ schema, values }) => ({ schema: z.array(schema), values: nearly(fc.array(values, { maxLength: 4 })) })),
      tie('any').map(({ schema, values }) => ({
        schema: z.array(schema).min(1).max(3),
        values: nearly(fc.array(values, { maxLength: 4 })),
      })),
      tie('any').map(({ schema, values }) => ({ schema: z.array(schema).length(2), values: nearly(fc.array(values, { maxLength: 3 })) })),
      fc.tuple(tie('object'), fc.oneof(texts, amounts, others)).map(([first, second]) => ({
        schema: z.tuple([first.schema, second.schema]),
        values: nearly(fc.oneof(fc.tuple(first.values, second.values), fc.tuple(first.values))),
      })),
      fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((options) => ({
        schema: z.union(options.map(({ schema }) => schema)),
        values: fc.oneof(...options.map(({ values }) => values)),
      })),
      fc.array(shape, { minLength: 1, maxLength: 4 }).map(tagged),
    ),
    object: fc
      .tuple(shape, fc.constantFrom('strip', 'strip', 'strict', 'loose', 'partial', 'mini'))
      .map(([parts, form]) => objectCase(parts, form)),
  }
}).any
