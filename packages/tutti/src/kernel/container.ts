import { systemClock, type Clock } from './clock.ts'
import { runOutsideContext, type Context } from './context.ts'
import { create, isDependency, livesShorter, type Created, type Dependency, type DependencyHost } from './dependency.ts'
import type { Needs, RegisteredConfig, Resolved } from './dependency.ts'
import { milliseconds, type Duration } from './duration.ts'
import { OptionError, TuttiError } from './errors.ts'
import { causeOf, reasonText } from './failures.ts'
import { Instances } from './instances.ts'
import { RequestScope, tenantOf, type RequestScopeHost } from './request-scope.ts'
import { TenantInstances } from './tenant-instances.ts'

export interface ContainerOptions {
  /** What factories get as `config`; a function is asked whenever a factory is called. @default an empty record */
  readonly config?: RegisteredConfig | (() => RegisteredConfig)
  /** How many tenants' dependencies are kept; the least recently used go first, never one that a request uses. @default 1000 */
  readonly maxTenants?: number
  /** How long a tenant's dependencies are kept after its last request. @default '10m' */
  readonly tenantIdle?: Duration
  /** Told of errors that nobody waits for: those of disposing idle tenants. @default a process warning */
  readonly onError?: (error: unknown) => void
  readonly clock?: Clock
}

/** Creates the values of dependencies, keeps them as long as their scope, and disposes of them. `C` is what requests bring. */
export interface Container<C extends Context = Context> {
  /**
   * Uses a value, or another dependency, in place of a dependency, for everything that needs it. The replacement must not live
   * shorter than what it replaces. A value is not disposed of. Throws `TUTTI_DEPENDENCY_OVERRIDE` when it comes too late.
   */
  override<T>(dependency: Dependency<T, C>, replacement: NoInfer<T> | Dependency<NoInfer<T>, C>): void
  /** The value at once where it exists, else maybe a promise of it. Without a request only dependencies of app scope can be had. */
  resolve<T>(dependency: Dependency<T, C>, scope?: RequestScope<C>): T | Promise<T>
  /** The values by name: a plain record at once where all exist, else maybe a promise of it. Keep `needs` unchanged afterwards. */
  resolveAll<N extends Needs<C>>(needs: N, scope?: RequestScope<C>): Resolved<N> | Promise<Resolved<N>>
  /** Begins a request; dispose of the scope when it ends. */
  requestScope(context: C): RequestScope<C>
  /** Disposes of everything: requests that are still open, then tenants, then the app, each in reverse order of creation. */
  dispose(): Promise<void>
}

/** Creates a container. */
export function createContainer<C extends Context = Context>(options: ContainerOptions = {}): Container<C> {
  return new ScopedContainer<C>(options)
}

type Override<C extends Context> = { readonly by: Dependency<unknown, C> } | { readonly by: undefined; readonly value: unknown }

class ScopedContainer<C extends Context> implements Container<C> {
  readonly #config: RegisteredConfig | (() => RegisteredConfig)
  readonly #overrides = new Map<Dependency<unknown, C>, Override<C>>()
  readonly #app: Instances<C, RequestScope<C> | undefined>
  readonly #requests: RequestScopeHost<C>
  readonly #stop = new AbortController()
  /** What `resolveAll` answers where everything asked for lives as long as the app. */
  #shared = new WeakMap<object, object>()
  #disposing: Promise<void> | undefined

  constructor(options: ContainerOptions) {
    const make = this.#make.bind(this)
    // Where no type is registered, an empty record is a configuration; where one is, its owner has one to give.
    this.#config = options.config ?? ({} as RegisteredConfig)
    this.#app = new Instances('the app', make)
    this.#requests = {
      make,
      open: new Set(),
      tenants: new TenantInstances({
        open: (tenant) => new Instances(`the tenant "${tenant}"`, make),
        max: options.maxTenants ?? 1000,
        idle: milliseconds(options.tenantIdle ?? '10m'),
        clock: options.clock ?? systemClock,
        onError: options.onError ?? warn,
      }),
    }
  }

  override<T>(dependency: Dependency<T, C>, replacement: NoInfer<T> | Dependency<NoInfer<T>, C>): void {
    if (this.#exists(dependency)) {
      throw new TuttiError(
        'TUTTI_DEPENDENCY_OVERRIDE',
        `The dependency "${dependency.name}" was overridden after it had been created; override it before anything uses it.`,
      )
    }
    if (!isDependency(replacement)) {
      this.#overrides.set(dependency, { by: undefined, value: replacement })
      return
    }
    const by: Dependency<unknown, C> = replacement
    if (livesShorter(by.scope, dependency.scope)) {
      throw new OptionError(
        `The dependency "${dependency.name}" lives as long as its ${dependency.scope} but was overridden by "${by.name}", which lives only as long as its ${by.scope}.`,
        { code: 'TUTTI_DEPENDENCY_SCOPE' },
      )
    }
    const circle = this.#pathTo(dependency, by)
    if (circle) {
      const names = [dependency, ...circle].map(({ name }) => name).join(' → ')
      throw new OptionError(`Dependencies need each other in a circle: ${names}. Let the replacement do without what it replaces.`, {
        code: 'TUTTI_DEPENDENCY_CYCLE',
      })
    }
    this.#overrides.set(dependency, { by })
  }

  resolve<T>(dependency: Dependency<T, C>, scope?: RequestScope<C>): T | Promise<T> {
    // Values are kept under the dependency that made them, or that took them as an override: `T` is theirs.
    return this.#resolve(dependency, scope) as T | Promise<T>
  }

  resolveAll<N extends Needs<C>>(needs: N, scope?: RequestScope<C>): Resolved<N> | Promise<Resolved<N>> {
    // As in resolve(): each value is the one of the dependency of the same name.
    return (this.#shared.get(needs) ?? this.#collect(needs, scope)) as Resolved<N> | Promise<Resolved<N>>
  }

  requestScope(context: C): RequestScope<C> {
    return new RequestScope(context, this.#requests)
  }

  dispose(): Promise<void> {
    return (this.#disposing ??= this.#dispose())
  }

  #resolve(dependency: Dependency<unknown, C>, scope: RequestScope<C> | undefined): unknown {
    const override = this.#overrides.size === 0 ? undefined : this.#overrides.get(dependency)
    if (override) return override.by ? this.#resolve(override.by, scope) : override.value
    if (dependency.scope === 'app') return this.#app.get(dependency, scope)
    if (!scope) {
      throw new TuttiError(
        'TUTTI_DEPENDENCY_SCOPE',
        `The dependency "${dependency.name}" lives as long as its ${dependency.scope} but was asked for outside of a request; ask for it in a handler, or give it the scope "app".`,
      )
    }
    if (dependency.scope === 'request') return scope.instances.get(dependency, scope)
    const { instances, ready } = scope.tenant
    return ready ? ready.then(() => instances.get(dependency, scope)) : instances.get(dependency, scope)
  }

  #collect(needs: Needs<C>, scope: RequestScope<C> | undefined): object {
    const values: Record<string, unknown> = {}
    const waits: Promise<void>[] = []
    let shared = true
    try {
      for (const [key, dependency] of Object.entries(needs)) {
        const value = this.#resolve(dependency, scope)
        // Set at once, so that the record's order is that of the needs.
        values[key] = value
        if (value instanceof Promise) waits.push(value.then((value: unknown) => void (values[key] = value)))
        if (dependency.scope !== 'app') shared = false
      }
    } catch (reason) {
      // The caller learns of this one; the others must not become unhandled rejections.
      for (const wait of waits) wait.catch(() => undefined)
      throw reason
    }
    if (waits.length > 0) return Promise.all(waits).then(() => values)
    if (shared && !this.#disposing) this.#shared.set(needs, Object.freeze(values))
    return values
  }

  #make(dependency: Dependency<unknown, C>, scope: RequestScope<C> | undefined): Created<unknown> | Promise<Created<unknown>> {
    const host = this.#hostFor(dependency, scope)
    if (dependency.scope === 'request') return dependency[create](host)
    try {
      // What outlives the request that asked first must not keep its context.
      const made = runOutsideContext(() => dependency[create](host))
      return made instanceof Promise ? made.catch((reason: unknown) => Promise.reject(failed(dependency, reason))) : made
    } catch (reason) {
      throw failed(dependency, reason)
    }
  }

  #hostFor(dependency: Dependency<unknown, C>, scope: RequestScope<C> | undefined): DependencyHost<C> {
    const context = (): C => {
      if (scope) return scope.context
      throw new TuttiError('TUTTI_DEPENDENCY_SCOPE', `The dependency "${dependency.name}" was asked for outside of a request.`)
    }
    return {
      config: typeof this.#config === 'function' ? this.#config() : this.#config,
      signal: scope && dependency.scope === 'request' ? scope.context.signal : this.#stop.signal,
      context,
      tenant: () => tenantOf(context()),
      resolveAll: (needs) => this.resolveAll(needs, scope),
    }
  }

  #exists(dependency: Dependency<unknown, C>): boolean {
    if (this.#app.has(dependency) || this.#requests.tenants.all().some((instances) => instances.has(dependency))) return true
    return dependency.scope === 'request' && this.#requests.open.values().some((scope) => scope.instances.has(dependency))
  }

  /** The way from one dependency to another along needs and overrides. */
  #pathTo(target: Dependency<unknown, C>, from: Dependency<unknown, C>): readonly Dependency<unknown, C>[] | undefined {
    if (from === target) return [from]
    const override = this.#overrides.get(from)
    const next = override ? (override.by ? [override.by] : []) : Object.values(from.needs)
    for (const dependency of next) {
      const rest = this.#pathTo(target, dependency)
      if (rest) return [from, ...rest]
    }
    return undefined
  }

  async #dispose(): Promise<void> {
    this.#stop.abort(new TuttiError('TUTTI_DEPENDENCY_DISPOSED', 'The app stops.'))
    this.#shared = new WeakMap()
    const requests = await Promise.allSettled([...this.#requests.open].map(async (scope) => scope.dispose()))
    const failures = requests.flatMap((result): unknown[] => (result.status === 'rejected' ? [result.reason] : []))
    failures.push(...(await this.#requests.tenants.dispose()))
    await this.#app.dispose().catch((reason: unknown) => failures.push(reason))
    if (failures.length === 0) return
    throw new TuttiError('TUTTI_DEPENDENCY_DISPOSE_FAILED', failures.map(reasonText).join(' '), { cause: causeOf(failures) })
  }
}

function failed(dependency: Dependency<unknown, never>, reason: unknown): unknown {
  if (reason instanceof TuttiError || !(reason instanceof Error)) return reason
  return new TuttiError('TUTTI_DEPENDENCY_FAILED', `The dependency "${dependency.name}" could not be created: ${reason.message}`, {
    cause: reason,
  })
}

function warn(error: unknown): void {
  process.emitWarning(TuttiError.from(error))
}
