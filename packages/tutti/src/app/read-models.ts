import type { CheckDetails } from '../health/index.ts'
import { milliseconds, OptionError, TuttiError, type Clock } from '../kernel/index.ts'
import type { Accepted, Verbs } from '../message/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import { openInline, openProjector, type Projection, type Projector, type ProjectorDefinition } from '../projections/index.ts'
import type { EventStore } from '../storage/index.ts'
import type { DeadLetterSource } from './dead-letters.ts'
import type { Stores } from './stores.ts'

/** What read models and subscriptions of an application are run with. */
export interface ReadModelsParts {
  readonly stores: Stores
  readonly log: Logger
  readonly clock: () => Clock
  readonly tracer: (scope: string) => Tracer
}

/** Projections and subscriptions of one application. */
export class ReadModels {
  readonly verbs: Pick<Verbs, 'waitFor' | 'view'>
  readonly #parts: ReadModelsParts
  readonly #definitions = new Map<string, ProjectorDefinition>()
  #projector: Projector | undefined

  constructor(parts: ReadModelsParts) {
    this.#parts = parts
    this.verbs = {
      waitFor: (projection, position, options) =>
        this.projector.waitFor(this.#definitions.get(projection.name) ?? projection.name, position, options),
      view: (projection) => this.projector.view(projection),
    }
  }

  /** Throws `TUTTI_OPTION_INVALID` where two share a name: their checkpoints would be one. */
  add(definition: ProjectorDefinition): void {
    const known = this.#definitions.get(definition.name)
    if (known !== undefined && known !== definition)
      throw new OptionError(
        `Two projections or subscriptions are called ${JSON.stringify(definition.name)}; give one of them another name.`,
      )
    this.#definitions.set(definition.name, definition)
  }

  /** Projections and subscriptions, those of workflows and relays among them. */
  get definitions(): readonly ProjectorDefinition[] {
    return [...this.#definitions.values()]
  }

  get isUsed(): boolean {
    return this.#definitions.size > 0
  }

  /** What runs them. Throws `TUTTI_PROJECTION_UNKNOWN` where the application has none, and `TUTTI_APP_NOT_STARTED` before its start. */
  get projector(): Projector {
    if (this.#projector !== undefined) return this.#projector
    if (this.isUsed)
      throw new TuttiError(
        'TUTTI_APP_NOT_STARTED',
        'A projection was used before the application had started; call app.listen() or app.start() first.',
      )
    throw new TuttiError('TUTTI_PROJECTION_UNKNOWN', 'The application has no projections; add one with app.use(…).')
  }

  /** Brings inline projections up to date; gives how events are appended from then on, where there are any. */
  async openInline(): Promise<EventStore['append'] | undefined> {
    const projections = this.#all(isInline)
    if (projections.length === 0) return undefined
    const { stores, clock, log } = this.#parts
    const inline = await openInline(stores.write, projections, { clock: clock(), log })
    return (stream, events, options) => inline.append(stream, events, options)
  }

  /** What was set aside because a handler failed. */
  get letters(): DeadLetterSource {
    return {
      kind: 'projection',
      list: async () => {
        const durable = [...this.#definitions.values()].filter((definition) => definition.kind !== 'memory-projection')
        const letters = await Promise.all(durable.map(({ name }) => this.projector.deadLetters(name)))
        return letters.flat().map((letter) => ({
          kind: 'projection',
          of: letter.projection,
          id: letter.id,
          subject: letter.type,
          time: new Date(letter.time),
          attempts: letter.attempts,
          error: letter.error,
          original: letter,
        }))
      },
      replay: (of, ids) => this.projector.replay(of, ids),
      discard: (of, ids) => this.projector.discard(of, ids),
    }
  }

  /** Opens what runs them, so that they can be looked at and steered; `start` has it work. */
  async open(): Promise<void> {
    if (!this.isUsed) return
    const { stores, clock, log, tracer } = this.#parts
    this.#projector = await openProjector({ events: stores.write, models: stores.read }, [...this.#definitions.values()], {
      clock: clock(),
      log,
      tracer: tracer('tutti.projections'),
    })
  }

  async start(): Promise<void> {
    await this.open()
    await this.#projector?.start()
  }

  async stop(): Promise<void> {
    await this.#projector?.stop()
  }

  /** Throws where one has stopped at an event that it cannot handle; tells how far each is behind. */
  async check(): Promise<CheckDetails> {
    const all = await this.projector.status()
    const stopped = all.filter(({ state }) => state === 'stopped').map(({ name }) => name)
    if (stopped.length > 0) throw new Error(`Stopped at an event that cannot be handled: ${stopped.join(', ')}.`)
    return Object.fromEntries(all.map(({ name, state, lag }) => [name, { state, lag }]))
  }

  /** Waits until all read models of events of an aggregate have handled what it appended; false where that took longer. */
  async settled(
    aggregate: string,
    { position, stream, ms }: Pick<Accepted, 'position'> & { readonly stream: string; readonly ms: number },
  ): Promise<boolean> {
    const concerned = [...this.#definitions.values()].filter(
      ({ kind, handlers }) => kind !== 'subscription' && [...handlers.keys()].some((type) => type.startsWith(`${aggregate}.`)),
    )
    const clock = this.#parts.clock()
    const until = clock.monotonic() + ms
    try {
      for (const projection of concerned) {
        const timeout = milliseconds(Math.max(1, Math.ceil(until - clock.monotonic())))
        await this.projector.waitFor(projection, position, { timeout, stream })
      }
      return true
    } catch (error) {
      // The command took effect whatever becomes of read models.
      if (!(error instanceof TuttiError && error.code === 'TUTTI_TIMEOUT'))
        this.#parts.log.warn('A read model could not be waited for', { error })
      return false
    }
  }

  #all<D extends ProjectorDefinition>(is: (definition: ProjectorDefinition) => definition is D): D[] {
    return [...this.#definitions.values()].filter((definition) => is(definition))
  }
}

function isInline(definition: ProjectorDefinition): definition is Projection {
  return definition.kind === 'projection' && definition.mode === 'inline'
}

/** Whether something given to `app.use` is a read model or a subscription. */
export function isProjectorDefinition(item: unknown): item is ProjectorDefinition {
  return (
    typeof item === 'object' &&
    item !== null &&
    'handlers' in item &&
    'kind' in item &&
    (item.kind === 'projection' || item.kind === 'memory-projection' || item.kind === 'subscription')
  )
}
