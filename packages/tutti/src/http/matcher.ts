import type FindMyWay from 'find-my-way'
import { OptionError } from '../kernel/index.ts'
import { checkVersion, requestedVersion, Versions } from './api-version.ts'
import type { Handle } from './middleware.ts'
import type { Method, Route, RouteOptions } from './route.ts'
import { rawHeader, type HttpSource } from './source.ts'

/** A route and the function that handles its requests. */
export interface Target {
  readonly route: Route
  readonly handle: Handle
}

/** What a request path led to. */
export interface Match {
  readonly target: Target
  readonly params: Readonly<Record<string, string>> | undefined
}

/** Works out the value of a constraint for a request, such as a region from a header. */
export type ConstraintOf = (source: HttpSource) => string | undefined

const standardMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const satisfies readonly Method[]

/** `bad-path`: the percent-encoding of the path is invalid. */
export type Miss = 'none' | 'bad-path'

/**
 * Finds the route of a request. Paths without parameters or constraints are looked up in a table; the others in a radix tree
 * (find-my-way), which is loaded when the first of them is added.
 */
export class Matcher {
  readonly #fixed = new Map<string, Map<string, Match>>()
  readonly #constraints: Readonly<Record<string, ConstraintOf>>
  /** Paths with a constrained route: their plain routes must be in the tree as well, behind the constrained ones. */
  readonly #constrained: ReadonlySet<string>
  #tree: FindMyWay.Instance<FindMyWay.HTTPVersion.V1> | undefined
  #derived: readonly (readonly [name: string, of: ConstraintOf])[] = []

  constructor(targets: readonly Target[], constraints: Readonly<Record<string, ConstraintOf>> = {}) {
    this.#constraints = constraints
    this.#constrained = new Set(targets.flatMap(({ route }) => (constraintsOf(route) === undefined ? [] : [route.path])))
    for (const target of targets) if (target.route.method !== 'ALL') this.#add(target.route.method, target)
    for (const target of targets) if (target.route.method === 'ALL') this.#addAll(target)
  }

  find(method: string, source: HttpSource, path: string): Match | Miss {
    const fixed = this.#fixed.get(method)?.get(path)
    if (fixed !== undefined) return fixed
    if (this.#tree === undefined) return 'none'
    return this.#search(this.#tree, method, { source, path })
  }

  /** The methods that a path has routes for, `HEAD` included where `GET` is. */
  allowed(source: HttpSource, path: string): string[] {
    const methods = standardMethods.filter((method) => typeof this.find(method, source, path) !== 'string')
    return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'].toSorted() : methods
  }

  #search(
    tree: FindMyWay.Instance<FindMyWay.HTTPVersion.V1>,
    method: string,
    { source, path }: { readonly source: HttpSource; readonly path: string },
  ): Match | Miss {
    const derived: Record<string, string | undefined> = {}
    for (const [name, of] of this.#derived) derived[name] = of(source)
    const found = tree.find(method as FindMyWay.HTTPMethod, path, derived)
    if (found === null) return isDecodable(path) ? 'none' : 'bad-path'
    const target = found.store as Target | undefined
    if (target === undefined) return 'bad-path'
    if (hasEmptySegment(path) && Object.entries(found.params).some(([name, value]) => name !== '*' && value === '')) return 'none'
    return { target, params: found.params as Readonly<Record<string, string>> }
  }

  #addAll(target: Target): void {
    const { path, options } = target.route
    const free = standardMethods.filter((method) => !this.#taken(method, path, constraintsOf(target.route)))
    if (free.length === 0) throw duplicate('ALL', path, options)
    for (const method of free) this.#add(method, target)
  }

  #add(method: (typeof standardMethods)[number], target: Target): void {
    const { path, options } = target.route
    const constraints = constraintsOf(target.route)
    if (this.#taken(method, path, constraints)) throw duplicate(method, path, options)
    if (!/[:*%]/.test(path) && !this.#constrained.has(path)) {
      const table = this.#fixed.get(method) ?? new Map<string, Match>()
      this.#fixed.set(method, table.set(path, { target, params: undefined }))
      return
    }
    this.#addToTree(method, target, constraints ?? {})
  }

  #addToTree(method: FindMyWay.HTTPMethod, target: Target, constraints: Readonly<Record<string, string | RegExp>>): void {
    const { path } = target.route
    const tree = (this.#tree ??= createTree(this.#constraints))
    for (const name of Object.keys(constraints)) {
      const of = name === 'version' ? requestedVersion : name === 'host' ? hostOf : this.#constraints[name]
      if (of === undefined)
        throw new OptionError(
          `The route ${method} ${path} has the constraint ${JSON.stringify(name)}, which is not defined; define it in the option http.constraints.`,
        )
      if (!this.#derived.some(([known]) => known === name)) this.#derived = [...this.#derived, [name, of]]
    }
    try {
      tree.on(method, path, { constraints }, noop, target)
    } catch (cause) {
      if ((cause as Error).message.includes('already declared')) throw duplicate(method, path, target.route.options)
      throw new OptionError(`The route ${method} ${path} cannot be added: ${(cause as Error).message}`, {
        code: 'TUTTI_ROUTE_INVALID',
        cause,
      })
    }
  }

  #taken(
    method: (typeof standardMethods)[number],
    path: string,
    constraints: Readonly<Record<string, string | RegExp>> | undefined,
  ): boolean {
    if (constraints === undefined && this.#fixed.get(method)?.has(path) === true) return true
    return this.#tree?.findRoute(method, path, constraints ?? {}) != null
  }
}

function noop(): void {}

function duplicate(method: string, path: string, { version, constraints }: RouteOptions): OptionError {
  const further = version === undefined && constraints === undefined ? '' : ` with ${JSON.stringify({ version, ...constraints })}`
  return new OptionError(
    `The route ${method} ${path}${further} is declared twice; remove one of them, or give them different constraints.`,
    { code: 'TUTTI_ROUTE_DUPLICATE' },
  )
}

function createTree(constraints: Readonly<Record<string, ConstraintOf>>): FindMyWay.Instance<FindMyWay.HTTPVersion.V1> {
  const findMyWay = process.getBuiltinModule('node:module').createRequire(import.meta.url)('find-my-way') as typeof FindMyWay
  const custom = Object.keys(constraints).map((name) => [name, equalityStrategy(name)])
  return findMyWay({ constraints: { version: versionStrategy, ...Object.fromEntries(custom) }, maxParamLength: 1000 })
}

const versionStrategy: FindMyWay.ConstraintStrategy<FindMyWay.HTTPVersion.V1> = {
  name: 'version',
  mustMatchWhenDerived: false,
  validate: checkVersion,
  storage: () => new Versions<FindMyWay.Handler<FindMyWay.HTTPVersion.V1>>(),
  deriveConstraint: () => '',
}

function equalityStrategy(name: string): FindMyWay.ConstraintStrategy<FindMyWay.HTTPVersion.V1, string> {
  return {
    name,
    storage: () => {
      const handlers = new Map<string, FindMyWay.Handler<FindMyWay.HTTPVersion.V1>>()
      return { get: (value) => handlers.get(value) ?? null, set: (value, handler) => void handlers.set(value, handler) }
    },
    deriveConstraint: () => '',
    mustMatchWhenDerived: false,
  }
}

function hostOf(source: HttpSource): string | undefined {
  const host = rawHeader(source.rawHeaders, 'host') ?? rawHeader(source.rawHeaders, ':authority')
  return host?.replace(/:\d+$/, '').toLowerCase()
}

function constraintsOf(route: Route): Readonly<Record<string, string | RegExp>> | undefined {
  const { version, constraints } = route.options
  const entries = Object.entries({ ...constraints, ...(version !== undefined && { version }) }).filter(
    (entry): entry is [string, string | RegExp] => entry[1] !== undefined,
  )
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

/** Whether a parameter could be empty, which the router would take for a value: `DELETE /users/` is about no user. */
function hasEmptySegment(path: string): boolean {
  return path.endsWith('/') || path.includes('//')
}

/** Whether the percent-encoding of a path is valid UTF-8. */
function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
