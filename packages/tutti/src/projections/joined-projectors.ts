import type { Viewable, WaitForOptions } from '../message/index.ts'
import type { DeadLetter } from './dead-letters.ts'
import { ProjectionError } from './errors.ts'
import type { Projector, ProjectorDefinition } from './projector-interface.ts'
import type { ProjectionStatus } from './status.ts'

/** A projector and the definitions that it runs. */
export interface JoinedPart {
  readonly projector: Projector
  readonly names: ReadonlySet<string>
}

/** Several projectors, each on a storage of its own, as one. */
export class JoinedProjectors implements Projector {
  readonly #parts: readonly JoinedPart[]

  constructor(parts: readonly JoinedPart[]) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    for (const { projector } of this.#parts) await projector.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#parts.map(({ projector }) => projector.stop()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  waitFor(projection: ProjectorDefinition | string, position: number, options?: WaitForOptions): Promise<void> {
    return this.#of(projection).waitFor(projection, position, options)
  }

  async status(): Promise<readonly ProjectionStatus[]> {
    return (await Promise.all(this.#parts.map(({ projector }) => projector.status()))).flat()
  }

  view<View>(projection: Viewable<View>): View {
    return this.#of(projection.name).view(projection)
  }

  pause(projection: ProjectorDefinition | string): Promise<void> {
    return this.#of(projection).pause(projection)
  }

  resume(projection: ProjectorDefinition | string): Promise<void> {
    return this.#of(projection).resume(projection)
  }

  reset(projection: ProjectorDefinition | string, options?: { readonly from?: number }): Promise<void> {
    return this.#of(projection).reset(projection, options)
  }

  prune(projection: ProjectorDefinition | string): Promise<readonly string[]> {
    return this.#of(projection).prune(projection)
  }

  deadLetters(projection: ProjectorDefinition | string): Promise<readonly DeadLetter[]> {
    return this.#of(projection).deadLetters(projection)
  }

  replay(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number> {
    return this.#of(projection).replay(projection, ids)
  }

  discard(projection: ProjectorDefinition | string, ids?: readonly string[]): Promise<number> {
    return this.#of(projection).discard(projection, ids)
  }

  #of(projection: ProjectorDefinition | string): Projector {
    const name = typeof projection === 'string' ? projection : projection.name
    const part = this.#parts.find(({ names }) => names.has(name))
    if (part !== undefined) return part.projector
    throw new ProjectionError(
      'TUTTI_PROJECTION_UNKNOWN',
      `There is no projection or subscription ${JSON.stringify(name)} here; add it with app.use(…) or app.on(…).`,
      { details: { projection: name } },
    )
  }
}
