import type { MessageNeeds } from '../cqrs/index.ts'
import { currentContext, OptionError, TuttiError, type Clock, type TraceContext } from '../kernel/index.ts'
import { Rejected, type Verbs } from '../message/index.ts'
import { inSpan, type Logger, type Tracer } from '../observe/index.ts'
import {
  cron,
  openScheduler,
  type CronArguments,
  type CronDefinition,
  type CronOptions,
  type EveryOptions,
  type FiringContext,
  type FiringMiddleware,
  type Scheduler,
} from '../schedule/index.ts'
import { knowsCommand, reviveCommand, storeCommand, type CommandLookup } from './stored-command.ts'
import type { Stores } from './stores.ts'
import { withDeps, Work, type WorkContext, type WorkParts } from './work-context.ts'

/** What the handler of `app.cron` gets. */
export interface ScheduleContext<Deps = unknown> extends FiringContext, WorkContext<Deps> {}

/** How the schedules of an application are run. */
export interface SchedulesOptions {
  /** Middleware around every handler of a schedule, the first one outermost. */
  readonly use?: readonly FiringMiddleware<ScheduleContext>[]
}

/** What a schedule needs beside its times. */
export interface ScheduleNeeds<N extends MessageNeeds = MessageNeeds> {
  readonly deps?: N
}

/** What `app.cron` takes behind the name: handlers were checked where they were given. */
export type ScheduleArguments = readonly (string | ((CronOptions | EveryOptions) & ScheduleNeeds) | ((ctx: never) => unknown))[]

/** What schedules of an application are run with. */
export interface SchedulesParts {
  readonly stores: Stores
  readonly log: Logger
  readonly clock: () => Clock
  readonly tracer: (scope: string) => Tracer
  readonly work: WorkParts
  readonly commands: CommandLookup
  readonly options: SchedulesOptions | undefined
}

/** Schedules of one application, and its commands for later. */
export class Schedules {
  readonly verbs: Pick<Verbs, 'later'>
  readonly #parts: SchedulesParts
  readonly #definitions = new Map<string, CronDefinition<ScheduleContext>>()
  readonly #needs = new Map<string, MessageNeeds>()
  #scheduler: Scheduler | undefined

  constructor(parts: SchedulesParts) {
    this.#parts = parts
    this.verbs = {
      later: async (when, command, options) => this.scheduler.later(when, storeCommand(command), options),
    }
  }

  get names(): readonly string[] {
    return [...this.#definitions.keys()]
  }

  get isUsed(): boolean {
    return this.#definitions.size > 0
  }

  /** Adds a schedule. Throws `TUTTI_OPTION_INVALID` for a name that is taken, and for times that cannot be meant. */
  add(name: string, rest: ScheduleArguments): void {
    if (this.#definitions.has(name))
      throw new OptionError(`Two schedules are called ${JSON.stringify(name)}; give one of them another name.`)
    const options = rest.find((part) => typeof part === 'object')
    if (options?.deps !== undefined) this.#needs.set(name, options.deps)
    // `cron` checks what it gets, and handlers get what `run` below makes for them, with the dependencies that they declare.
    this.#definitions.set(name, cron<ScheduleContext>(name, ...(rest as unknown as CronArguments<ScheduleContext>)))
  }

  /** What runs them. Throws `TUTTI_APP_NOT_STARTED` before the start, and `TUTTI_STORAGE_UNUSED` in an application without a storage. */
  get scheduler(): Scheduler {
    if (this.#scheduler !== undefined) return this.#scheduler
    void this.#parts.stores.write
    throw new TuttiError(
      'TUTTI_APP_NOT_STARTED',
      'A schedule was used before the application had started; call app.listen() or app.start() first.',
    )
  }

  /** Opens what runs them, so that they can be looked at and steered; `start` has it work. */
  async open(): Promise<void> {
    const { stores, log, clock, work, commands, options = {} } = this.#parts
    if (stores.opened === undefined) return
    const tracer = this.#parts.tracer('tutti.schedule')
    this.#scheduler = await openScheduler(stores.opened, [...this.#definitions.values()], {
      ...options,
      clock: clock(),
      log,
      run: (ctx, handler) => {
        const { schedule, key, attempt } = ctx
        const attributes = { 'tutti.schedule': schedule, 'tutti.firing': key, 'tutti.attempt': attempt }
        const fire = (): unknown =>
          withDeps(work, this.#needs.get(schedule), (deps) => handler(Object.assign(new Work(work, `cron:${key}`, deps), ctx)))
        return inSpan(tracer, { name: `fire ${schedule}`, root: true, links: asker(), attributes }, fire)
      },
      jobs: {
        knows: (name) => knowsCommand(name, commands),
        send: async (stored, job) => {
          const name = stored.name.replace(/^[a-z]+:/, '')
          const attributes = { 'tutti.command': name, 'tutti.job': job.key }
          const send = (): Promise<unknown> => work.verbs.sendWith(reviveCommand(stored, commands), { key: `later:${job.key}` })
          const result = await inSpan(tracer, { name: `later ${name}`, root: true, links: asker(), attributes }, send)
          if (result instanceof Rejected)
            job.log.warn('A command that was sent later was rejected.', { command: stored.name, code: result.code })
        },
      },
    })
  }

  async start(): Promise<void> {
    await this.open()
    await this.#scheduler?.start()
  }

  /** `limit` is how long what runs may go on before its signal fires, in milliseconds. */
  async stop(limit: number): Promise<void> {
    await this.#scheduler?.stop({ timeout: limit })
  }
}

/** Where in a trace it was asked for what is done now: the context holds what was stored then. */
function asker(): readonly TraceContext[] {
  const trace = currentContext()?.trace
  return trace === undefined ? [] : [trace]
}
