import type { Context } from './context.ts'
import { TuttiError } from './errors.ts'
import { Instances, type Maker } from './instances.ts'
import type { TenantInstances, TenantLease } from './tenant-instances.ts'

/** What the requests of a container have in common. */
export interface RequestScopeHost<C extends Context> {
  readonly tenants: TenantInstances<Instances<C, RequestScope<C> | undefined>>
  /** The scopes that hold something, which the container disposes of when it ends before them. */
  readonly open: Set<RequestScope<C>>
  readonly make: Maker<C, RequestScope<C> | undefined>
}

/** The life of one request's dependencies. Costs next to nothing until one of request or tenant scope is asked for. */
export class RequestScope<C extends Context = Context> {
  readonly context: C
  readonly #host: RequestScopeHost<C>
  #instances: Instances<C, RequestScope<C> | undefined> | undefined
  #tenant: TenantLease<Instances<C, RequestScope<C> | undefined>> | undefined
  #ended = false

  constructor(context: C, host: RequestScopeHost<C>) {
    this.context = context
    this.#host = host
  }

  /** The instances of the request itself; not for applications. */
  get instances(): Instances<C, RequestScope<C> | undefined> {
    if (this.#instances) return this.#instances
    this.#hold()
    return (this.#instances = new Instances('the request', this.#host.make))
  }

  /** The instances of the request's tenant, which stay at least as long as the request; not for applications. */
  get tenant(): TenantLease<Instances<C, RequestScope<C> | undefined>> {
    if (this.#tenant) return this.#tenant
    this.#hold()
    return (this.#tenant = this.#host.tenants.acquire(tenantOf(this.context)))
  }

  /** Disposes of the request's dependencies in reverse order of creation; `undefined` when there is nothing to wait for. */
  dispose(): Promise<void> | undefined {
    this.#ended = true
    if (this.#instances) return this.#instances.dispose().finally(() => this.#close())
    this.#close()
    return undefined
  }

  #hold(): void {
    if (this.#ended) throw new TuttiError('TUTTI_DEPENDENCY_DISPOSED', 'A dependency was asked for after the request had ended.')
    this.#host.open.add(this)
  }

  #close(): void {
    this.#tenant?.release()
    this.#host.open.delete(this)
  }
}

/** The tenant of a context. Throws where there is none. */
export function tenantOf(context: Context): string {
  if (context.tenant !== undefined) return context.tenant
  throw new TuttiError(
    'TUTTI_DEPENDENCY_SCOPE',
    'A dependency of tenant scope was asked for by a request without a tenant. Set up tenancy for this route, or give the dependency another scope.',
  )
}
