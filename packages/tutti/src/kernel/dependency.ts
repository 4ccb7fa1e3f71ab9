import type { Context } from './context.ts'
import { OptionError } from './errors.ts'
import { shown } from './shown.ts'

/**
 * Open for declaration merging, so that an application names its configuration's type once:
 * `declare module 'tutti' { interface Register { config: MyConfig } }`.
 */
export interface Register {}

/** The configuration type that a register names; an unknown record where it names none. */
export type ConfigOf<R> = R extends { readonly config: infer Config } ? Config : Readonly<Record<string, unknown>>

/** The type of the application's configuration, as it was registered. */
export type RegisteredConfig = ConfigOf<Register>

/** How long a dependency lives: as long as the app, as long as its tenant is active, or for one request. */
export type DependencyScope = 'app' | 'tenant' | 'request'

/** Named dependencies that a context of type `C` suffices for. */
export type Needs<C extends Context = Context> = Readonly<Record<string, Dependency<unknown, C>>>

/** The values of named dependencies. */
export type Resolved<N> = { readonly [K in keyof N]: N[K] extends Dependency<infer T, never> ? T : never }

/** What a definition asks of the container that creates its value. */
export interface DependencyHost<C extends Context> {
  readonly config: RegisteredConfig
  readonly signal: AbortSignal
  /** The context of the request; throws where there is none. */
  context(): C
  /** The tenant; throws where there is none. */
  tenant(): string
  resolveAll<N extends Needs<C>>(needs: N): Resolved<N> | Promise<Resolved<N>>
}

/** A value as a dependency made it, with what ends it. */
export interface Created<T> {
  readonly value: T
  readonly dispose: (() => unknown) | undefined
}

/** How the container creates the value of a dependency; not for applications. */
export const create: unique symbol = Symbol('tutti.dependency.create')

/**
 * Something that handlers need and a container creates: `T` is its value, `C` the context that a request must have for it.
 * Dependencies are told apart by identity; the name is for messages.
 */
export interface Dependency<out T, in C extends Context = Context> {
  readonly name: string
  readonly scope: DependencyScope
  readonly needs: Needs<C>
  readonly [create]: (host: DependencyHost<C>) => Created<T> | Promise<Created<T>>
}

interface CommonInput<N> {
  /** The values of what this dependency needs. */
  readonly needs: Resolved<N>
  readonly config: RegisteredConfig
  /** Fires when the value is not wanted any more: the request ended, or the app stops. */
  readonly signal: AbortSignal
}

/** What the factory of a dependency gets, by scope. */
export interface FactoryInputs<N, C extends Context> {
  readonly app: CommonInput<N>
  /** One value serves all requests of a tenant, so there is no `ctx`: it would be the one of whoever came first. */
  readonly tenant: CommonInput<N> & { readonly tenant: string }
  readonly request: CommonInput<N> & { readonly ctx: C }
}

/** What context a dependency asks for, by scope: only that of a request is ever more than a `Context`. */
interface RequiredContexts<C extends Context> {
  readonly app: Context
  readonly tenant: Context
  readonly request: C
}

/** Makes the value of a dependency. */
export type DependencyFactory<T, S extends DependencyScope, N, C extends Context> = (input: FactoryInputs<N, C>[S]) => T | PromiseLike<T>

export interface DependencyOptions<T, S extends DependencyScope, N> {
  /** @default 'app' */
  readonly scope?: S
  /** What the factory gets as `needs`: never something that lives shorter than this dependency. */
  readonly needs?: N
  /**
   * Ends the value when its scope ends, in reverse order of creation.
   * `true` calls the value's own `Symbol.asyncDispose` or `Symbol.dispose`.
   * @default nothing is done, whatever the value can do: it may belong to somebody else
   */
  readonly dispose?: ((value: T) => unknown) | true
}

/**
 * The type of `dependency()`, with the context that request-scoped factories get unless they annotate another.
 * The dependency remembers the context it asks for, and a container that has less does not take it.
 */
export interface DependencyFunction<DefaultContext extends Context> {
  /** Everything is inferred, the parameter of `dispose` too. */
  <
    T,
    S extends DependencyScope = 'app',
    C extends Context = DefaultContext,
    N extends Needs<RequiredContexts<C>[S]> = Record<never, never>,
  >(
    name: string,
    factory: DependencyFactory<T, S, N, C>,
    options?: DependencyOptions<T, S, N>,
  ): Dependency<T, RequiredContexts<C>[S]>
  /** Reads better with `needs`; TypeScript meets `dispose` before the factory here, so annotate its parameter. */
  <
    T,
    S extends DependencyScope = 'app',
    C extends Context = DefaultContext,
    N extends Needs<RequiredContexts<C>[S]> = Record<never, never>,
  >(
    name: string,
    options: DependencyOptions<T, S, N>,
    factory: DependencyFactory<T, S, N, C>,
  ): Dependency<T, RequiredContexts<C>[S]>
}

/**
 * Defines a dependency: `dependency('db', ({ config }) => connect(config.url), { dispose: (db) => db.close() })`, or with its
 * options before the factory. Throws `TUTTI_DEPENDENCY_SCOPE` where it needs something that lives shorter than itself.
 */
export const dependency: DependencyFunction<Context> = define

function define<T, S extends DependencyScope, C extends Context, N extends Needs<RequiredContexts<C>[S]>>(
  name: string,
  first: DependencyOptions<T, S, N> | DependencyFactory<T, S, N, C>,
  second: DependencyOptions<T, S, N> | DependencyFactory<T, S, N, C> = {},
): Dependency<T, RequiredContexts<C>[S]> {
  const options = typeof first === 'function' ? second : first
  const factory = typeof first === 'function' ? first : second
  if (typeof name !== 'string' || name === '') {
    throw new OptionError(`Received ${shown(name)} as the name of a dependency; wanted a text that is not empty.`)
  }
  if (typeof factory !== 'function' || typeof options !== 'object' || options === null) {
    throw new OptionError(
      `The dependency "${name}" has no factory; wanted dependency(name, factory, options) or dependency(name, options, factory).`,
    )
  }
  // `S` is inferred as 'app' exactly where no scope is given, and no needs are the empty record.
  const scope = (options.scope ?? 'app') as S
  const needs = Object.freeze({ ...options.needs }) as N
  checkOptions(name, scope, options)
  checkNeeds(name, scope, needs)
  const inputOf = factoryInputs<N, C>()[scope]
  return Object.freeze({
    name,
    scope,
    needs,
    [create](host: DependencyHost<RequiredContexts<C>[S]>) {
      const make = (resolved: Resolved<N>): Created<T> | Promise<Created<T>> => {
        const value = factory(inputOf(host, resolved))
        return isThenable(value)
          ? Promise.resolve(value).then((value) => created(name, value, options.dispose))
          : created(name, value, options.dispose)
      }
      const resolved = host.resolveAll(needs)
      return resolved instanceof Promise ? resolved.then(make) : make(resolved)
    },
  })
}

type InputMakers<N, C extends Context> = {
  readonly [S in DependencyScope]: (host: DependencyHost<RequiredContexts<C>[S]>, needs: Resolved<N>) => FactoryInputs<N, C>[S]
}

function factoryInputs<N, C extends Context>(): InputMakers<N, C> {
  return {
    app: ({ config, signal }, needs) => ({ needs, config, signal }),
    tenant: (host, needs) => ({ needs, config: host.config, signal: host.signal, tenant: host.tenant() }),
    request: (host, needs) => ({ needs, config: host.config, signal: host.signal, ctx: host.context() }),
  }
}

const lifetimes = { request: 0, tenant: 1, app: 2 } as const

/** Whether something of scope `a` lives shorter than something of scope `b`. */
export function livesShorter(a: DependencyScope, b: DependencyScope): boolean {
  return lifetimes[a] < lifetimes[b]
}

/** Whether a value is a dependency. */
export function isDependency(value: unknown): value is Dependency<unknown, never> {
  return typeof value === 'object' && value !== null && create in value
}

function checkOptions(name: string, scope: string, options: { readonly dispose?: unknown }): void {
  for (const key of Object.keys(options)) {
    if (key === 'scope' || key === 'needs' || key === 'dispose') continue
    throw new OptionError(`The dependency "${name}" has the option ${shown(key)}; wanted only scope, needs and dispose.`, {
      code: 'TUTTI_OPTION_UNKNOWN',
    })
  }
  const { dispose } = options
  if (dispose !== undefined && dispose !== true && typeof dispose !== 'function') {
    throw new OptionError(`The dependency "${name}" has ${shown(dispose)} as dispose; wanted a function or true.`)
  }
  if (Object.hasOwn(lifetimes, scope)) return
  throw new OptionError(`The dependency "${name}" has the scope ${shown(scope)}; wanted "app", "tenant" or "request".`)
}

function checkNeeds(name: string, scope: DependencyScope, needs: Readonly<Record<string, unknown>>): void {
  for (const [key, need] of Object.entries(needs)) {
    if (!isDependency(need)) {
      throw new OptionError(`The dependency "${name}" needs ${shown(key)}, which is not a dependency; wanted what dependency() returned.`)
    }
    if (livesShorter(need.scope, scope)) {
      throw new OptionError(
        `The dependency "${name}" lives as long as its ${scope} but needs "${need.name}", which lives only as long as its ${need.scope}. ` +
          `Give "${name}" the scope "${need.scope}", or pass "${need.name}" to its methods.`,
        { code: 'TUTTI_DEPENDENCY_SCOPE', details: { dependency: name, scope, need: need.name, needScope: need.scope } },
      )
    }
  }
}

function created<T>(name: string, value: T, dispose: ((value: T) => unknown) | true | undefined): Created<T> {
  if (dispose === true) return { value, dispose: ownDispose(name, value) }
  return { value, dispose: dispose && (() => dispose(value)) }
}

function ownDispose(name: string, value: unknown): () => unknown {
  if (hasMethod(value, Symbol.asyncDispose)) return () => value[Symbol.asyncDispose]()
  if (hasMethod(value, Symbol.dispose)) return () => value[Symbol.dispose]()
  throw new OptionError(
    `The dependency "${name}" says "dispose: true", but its value has neither Symbol.asyncDispose nor Symbol.dispose; give a function instead.`,
  )
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return hasMethod(value, 'then')
}

function hasMethod<K extends PropertyKey>(value: unknown, key: K): value is Readonly<Record<K, () => unknown>> {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  return typeof Reflect.get(value, key) === 'function'
}
