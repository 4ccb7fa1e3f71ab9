import { className, internalsOf, listOf, numberOf, textOf, UnknownPart, type ZodInternals } from './zod-accept-internals.ts'
import type { ZodCheck, ZodPayload } from './zod-accept-node.ts'

// Formats that zod checks by their pattern and nothing else.
const patternFormats: ReadonlySet<string> = new Set([
  ...['GUID', 'UUID', 'Email', 'Emoji', 'NanoID', 'CUID', 'CUID2', 'ULID', 'XID', 'KSUID', 'ISODateTime', 'ISODate', 'ISOTime'],
  ...['ISODuration', 'IPv4', 'MAC', 'CIDRv4', 'E164', 'CheckRegex', 'CheckLowerCase', 'CheckUpperCase'],
])

// Checks that do more than is worth repeating here, all of them synchronous.
const runChecks: ReadonlySet<string> = new Set([
  ...['URL', 'IPv6', 'CIDRv6', 'Base64', 'Base64URL', 'CreditCard', 'IBAN', 'JWT', 'BigIntFormat'],
  ...['CheckMultipleOf', 'CheckBigIntFormat', 'CheckOverwrite'],
])

const ranges: Readonly<Record<string, readonly [minimum: number, maximum: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
  // As zod writes them: the greatest finite float32 lies a little below.
  float32: [-3.4028234663852886e38, 3.4028234663852886e38],
  float64: [-Number.MAX_VALUE, Number.MAX_VALUE],
}

/** The checks of a schema, first its own where it is a check itself, as `z.email()` is; throws `UnknownPart`. */
export function readChecks(schema: ZodInternals): readonly ZodCheck[] {
  const added = attachedChecks(schema).map((check) => readCheck(internalsOf(check)))
  return schema.traits.has('$ZodCheck') ? [readCheck(schema), ...added] : added
}

/** The checks that were added to a schema, as zod has them. */
export function attachedChecks({ def }: ZodInternals): readonly unknown[] {
  return def['checks'] === undefined ? [] : listOf(def['checks'])
}

function readCheck(internals: ZodInternals): ZodCheck {
  const { def } = internals
  const name = className(internals)
  switch (name) {
    // Zod gives a condition to these three only: that there is a length, which is so in all that they are read for.
    case 'CheckMinLength':
      return { check: 'min-length', bound: numberOf(def['minimum']) }
    case 'CheckMaxLength':
      return { check: 'max-length', bound: numberOf(def['maximum']) }
    case 'CheckLengthEquals':
      return { check: 'length', bound: numberOf(def['length']) }
  }
  if (def['when'] !== undefined) throw new UnknownPart()
  switch (name) {
    case 'CheckGreaterThan':
      return compare(internals, def['inclusive'] ? '>=' : '>')
    case 'CheckLessThan':
      return compare(internals, def['inclusive'] ? '<=' : '<')
    case 'NumberFormat':
    case 'CheckNumberFormat':
      return numberFormat(textOf(def['format']))
    case 'CheckIncludes': {
      const position = def['position']
      return { check: 'includes', text: textOf(def['includes']), position: position === undefined ? position : numberOf(position) }
    }
    case 'CheckStartsWith':
      return { check: 'startsWith', text: textOf(def['prefix']) }
    case 'CheckEndsWith':
      return { check: 'endsWith', text: textOf(def['suffix']) }
  }
  if (patternFormats.has(name) && def['pattern'] instanceof RegExp) return { check: 'pattern', pattern: def['pattern'] }
  if (runChecks.has(name)) return { check: 'run', run: runOf(internals) }
  throw new UnknownPart()
}

function compare(internals: ZodInternals, operator: '<' | '<=' | '>' | '>='): ZodCheck {
  const bound = internals.def['value']
  // Dates and bigints are compared by zod.
  return typeof bound === 'number' ? { check: 'compare', operator, bound } : { check: 'run', run: runOf(internals) }
}

function numberFormat(format: string): ZodCheck {
  if (format === 'safeint') return { check: 'safe-integer' }
  const range = Object.hasOwn(ranges, format) ? ranges[format] : undefined
  if (range === undefined) throw new UnknownPart()
  return { check: 'range', integer: format.includes('int'), minimum: range[0], maximum: range[1] }
}

function runOf({ check }: ZodInternals): (payload: ZodPayload) => unknown {
  if (!isRun(check)) throw new UnknownPart()
  return check
}

function isRun(value: unknown): value is (payload: ZodPayload) => unknown {
  return typeof value === 'function'
}
