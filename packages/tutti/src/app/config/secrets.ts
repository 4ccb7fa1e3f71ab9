import { secretTest } from '../../observe/index.ts'

const hidden = '[secret]'
// What `inspect.custom` of node:util is; that module is not worth loading for it at every start.
const inspectCustom = Symbol.for('nodejs.util.inspect.custom')
const isSecretName = secretTest()

/**
 * Makes an object print itself without its secrets, through `console.log`, `util.inspect`, loggers and `JSON.stringify`:
 * settings with secret names or listed paths, and the passwords of URLs. Reading a setting gives its value as ever.
 */
export function hideSecrets<T>(config: T, paths: readonly string[]): T {
  return protect(config, paths, '')
}

function protect<T>(value: T, paths: readonly string[], path: string): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.getPrototypeOf(value) !== Object.prototype) return value
  const entries = Object.entries(value).map(([name, member]) => [name, protect(member, paths, join(path, name))] as const)
  const copy = Object.fromEntries(entries)
  const show = (): Record<string, unknown> =>
    Object.fromEntries(entries.map(([name, member]) => [name, shown(name, member, paths.includes(join(path, name)))]))
  Object.defineProperties(copy, {
    toJSON: { value: show, enumerable: false },
    [inspectCustom]: {
      value: (_depth: number, options: object) => process.getBuiltinModule('node:util').inspect(show(), options),
      enumerable: false,
    },
  })
  return Object.freeze(copy) as T
}

function shown(name: string, value: unknown, listed: boolean): unknown {
  if (value === undefined || value === null) return value
  if (listed || (isSecretName(name) && typeof value !== 'object')) return hidden
  return typeof value === 'string' ? value.replace(/^([a-z][a-z\d+.-]*:\/\/[^/\s:@]*):[^/\s]*@/i, `$1:${hidden}@`) : value
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}
