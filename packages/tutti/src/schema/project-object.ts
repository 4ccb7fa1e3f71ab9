import { unwrap } from './json-view.ts'

/** Makes of a value what may be seen of it. */
export type Projection = (value: unknown) => unknown

/** Makes of a list what may be seen of it. */
export type ListProjection = (value: readonly unknown[]) => unknown

/** The name of a property, what may be seen of its value, and the `typeof` of values that are seen as they are. */
export interface ProjectedProperty {
  readonly key: string
  readonly project: Projection
  readonly plain: 'string' | 'number' | 'boolean' | undefined
}

// A bound on the size of generated functions: engines do not optimise very large ones.
const maxGenerated = 100

/**
 * A projection that makes of an object a new one with the named properties, and of a list what `list` does. It is generated as an object
 * literal of constant shape, which takes a third less time than a loop, the writing of the JSON counted in; the loop serves where making
 * code from strings is not allowed (`--disallow-code-generation-from-strings`).
 */
export function projectProperties(properties: readonly ProjectedProperty[], list: ListProjection): Projection {
  // As a key of a literal, __proto__ would set the prototype.
  if (properties.length > maxGenerated || properties.some(({ key }) => key === '__proto__')) return loop(properties, list)
  return generated(properties, list) ?? loop(properties, list)
}

/** The same by a loop. */
export function loop(properties: readonly ProjectedProperty[], list: ListProjection): Projection {
  return (value) => {
    const seen = unwrap(value)
    if (typeof seen !== 'object' || seen === null) return seen
    if (Array.isArray(seen)) return list(seen)
    const projected: Record<string, unknown> = {}
    for (const { key, project } of properties) {
      if (key === '__proto__') copyOwn(projected, seen, project)
      else projected[key] = project((seen as Readonly<Record<string, unknown>>)[key])
    }
    return projected
  }
}

function copyOwn(target: object, value: object, project: Projection): void {
  if (Object.hasOwn(value, '__proto__')) defineOwn(target, '__proto__', project(Reflect.get(value, '__proto__')))
}

/** Sets a property even where it is called `__proto__`. */
export function defineOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

function generated(properties: readonly ProjectedProperty[], list: ListProjection): Projection | undefined {
  // The keys are the only foreign text in the code, and each is written as a JSON text, which is a JavaScript string whatever it holds.
  const reads = properties.map(({ key }, i) => `const v${i} = seen[${JSON.stringify(key)}]`)
  const members = properties.map(({ key, plain }, i) => {
    const projected = `p${i}(v${i})`
    return `${JSON.stringify(key)}: ${plain === undefined ? projected : `typeof v${i} === '${plain}' ? v${i} : ${projected}`}`
  })
  const names = properties.map((_, i) => `p${i}`)
  // toJSON is looked for here and not in unwrap(), where all kinds of objects come by and the engine cannot predict the answer.
  const body = `return (value) => {
    if (typeof value !== 'object' || value === null) return value
    const seen = typeof value.toJSON === 'function' ? unwrap(value) : value
    if (seen !== value && (typeof seen !== 'object' || seen === null)) return seen
    if (Array.isArray(seen)) return list(seen)
    ${reads.join('; ')}
    return { ${members.join(', ')} }
  }`
  try {
    // oxlint-disable-next-line typescript/no-implied-eval -- every name in the text went through JSON.stringify; half the time of closures
    return new Function('unwrap', 'list', ...names, body)(unwrap, list, ...properties.map(({ project }) => project))
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}
