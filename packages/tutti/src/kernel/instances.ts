import type { Context } from './context.ts'
import type { Created, Dependency } from './dependency.ts'
import { TuttiError } from './errors.ts'
import { causeOf, reasonText } from './failures.ts'

/** Creates the value of a dependency on behalf of somebody, such as a request. */
export type Maker<C extends Context, Asker> = (
  dependency: Dependency<unknown, C>,
  asker: Asker,
) => Created<unknown> | Promise<Created<unknown>>

/** The values of the dependencies of one scope: each created once, disposed in reverse order of creation. */
export class Instances<C extends Context, Asker> {
  /** What the scope is, for messages: `the app`, `the request`. */
  readonly #owner: string
  readonly #make: Maker<C, Asker>
  readonly #values = new Map<Dependency<unknown, C>, unknown>()
  readonly #pending = new Map<Dependency<unknown, C>, Promise<unknown>>()
  readonly #disposals: { readonly name: string; readonly dispose: () => unknown }[] = []
  #disposing: Promise<void> | undefined

  constructor(owner: string, make: Maker<C, Asker>) {
    this.#owner = owner
    this.#make = make
  }

  /** Whether the dependency exists or is being created. */
  has(dependency: Dependency<unknown, C>): boolean {
    return this.#values.has(dependency) || this.#pending.has(dependency)
  }

  /** The value, or a promise of it where it has to be waited for. Concurrent calls share one creation; a failed one is forgotten. */
  get(dependency: Dependency<unknown, C>, asker: Asker): unknown {
    const value = this.#values.get(dependency)
    if (value !== undefined || this.#values.has(dependency)) return value
    return this.#pending.get(dependency) ?? this.#create(dependency, asker)
  }

  /** Disposes of everything, also of what is still being created. Every disposal is tried; rejects with all failures together. */
  dispose(): Promise<void> {
    return (this.#disposing ??= this.#dispose())
  }

  #create(key: Dependency<unknown, C>, asker: Asker): unknown {
    if (this.#disposing) {
      throw new TuttiError('TUTTI_DEPENDENCY_DISPOSED', `The dependency "${key.name}" was asked for after ${this.#owner} had ended.`)
    }
    const made = this.#make(key, asker)
    if (!(made instanceof Promise)) return this.#keep(key, made)
    const promise = made.then(
      (created) => this.#keep(key, created),
      (reason) => {
        this.#pending.delete(key)
        throw reason
      },
    )
    this.#pending.set(key, promise)
    // Whoever asked may have failed meanwhile and not be waiting any more.
    promise.catch(() => undefined)
    return promise
  }

  #keep(key: Dependency<unknown, C>, { value, dispose }: Created<unknown>): unknown {
    this.#pending.delete(key)
    this.#values.set(key, value)
    if (dispose) this.#disposals.push({ name: key.name, dispose })
    return value
  }

  async #dispose(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending.values())
    this.#values.clear()
    const failures: unknown[] = []
    const names: string[] = []
    for (const { name, dispose } of this.#disposals.splice(0).reverse()) {
      try {
        await dispose()
      } catch (reason) {
        failures.push(reason)
        names.push(`"${name}" (${reasonText(reason)})`)
      }
    }
    if (failures.length === 0) return
    throw new TuttiError(
      'TUTTI_DEPENDENCY_DISPOSE_FAILED',
      `Could not dispose of the dependencies of ${this.#owner}: ${names.join(', ')}.`,
      {
        cause: causeOf(failures),
      },
    )
  }
}
