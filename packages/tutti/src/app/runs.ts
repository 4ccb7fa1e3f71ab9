import { OptionError, TuttiError, type Clock } from '../kernel/index.ts'
import type { ProtocolVerbs, RecordedEvent, Runnable, Verbs } from '../message/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import { subscription, type ReadableEvent, type Subscription } from '../projections/index.ts'
import { openWorkflows, startedBy, type EventSignal, type RunStatus, type Workflow, type Workflows } from '../workflow/index.ts'
import type { AnyDeadLetter, DeadLetterSource } from './dead-letters.ts'
import type { RunsOptions } from './runs-options.ts'
import type { Stores } from './stores.ts'

/** What runs of an application are executed with. */
export interface RunsParts {
  readonly stores: Stores
  readonly log: Logger
  readonly clock: () => Clock
  readonly tracer: (scope: string) => Tracer
  readonly verbs: () => ProtocolVerbs
  readonly options: RunsOptions | undefined
}

/** Workflows and sagas of one application, and their runs. */
export class Runs {
  readonly verbs: Pick<Verbs, 'run' | 'getRun'>
  readonly #parts: RunsParts
  readonly #workflows = new Map<string, Workflow>()
  #engine: Workflows | undefined

  constructor(parts: RunsParts) {
    this.#parts = parts
    this.verbs = {
      run: async (workflow, input, options) => {
        const handle: unknown = await this.engine.run(this.#known(workflow), input, options)
        // Its type says what holds on to runs of a workflow.
        return handle as HandleOf<typeof workflow>
      },
      getRun: (workflow, id) => {
        const handle: unknown = this.engine.get(this.#known(workflow), id)
        return handle as HandleOf<typeof workflow>
      },
    }
  }

  /** Throws `TUTTI_OPTION_INVALID` where two share a name and a version. */
  add(workflow: Workflow): void {
    const key = `${workflow.name}@${workflow.version}`
    const known = this.#workflows.get(key)
    if (known !== undefined && known !== workflow)
      throw new OptionError(`Two workflows are called ${JSON.stringify(workflow.name)} in version ${workflow.version}; change one of them.`)
    this.#workflows.set(key, workflow)
  }

  get isUsed(): boolean {
    return this.#workflows.size > 0
  }

  /** All workflows, in all their versions. */
  get workflows(): readonly Workflow[] {
    return [...this.#workflows.values()]
  }

  /** What executes them. Throws `TUTTI_APP_NOT_STARTED` before the start, and `TUTTI_WORKFLOW_UNKNOWN` where there are none. */
  get engine(): Workflows {
    if (this.#engine !== undefined) return this.#engine
    if (!this.isUsed) throw new TuttiError('TUTTI_WORKFLOW_UNKNOWN', 'The application has no workflows; add one with app.use(…).')
    throw new TuttiError(
      'TUTTI_APP_NOT_STARTED',
      'A workflow was used before the application had started; call app.listen() or app.start() first.',
    )
  }

  /** Subscriptions that start runs and send them signals, for workflows that ask for events. */
  get subscriptions(): readonly Subscription[] {
    return [...this.#latest().values()].flatMap((workflow) => this.#following(workflow) ?? [])
  }

  /** Runs that have failed, or that cannot go on. */
  get letters(): DeadLetterSource {
    return {
      kind: 'run',
      list: async () => (await Promise.all(failures.map((state) => this.#ended(state)))).flat(),
      replay: (of, ids) =>
        each(ids, async (id) =>
          this.engine
            .get(this.#named(of), id)
            .retry()
            .then(() => true),
        ),
      discard: (of, ids) => each(ids, (id) => this.engine.remove(of, id)),
    }
  }

  /** Opens the engine, so that runs can be started; `start` begins to execute them. */
  async open(): Promise<void> {
    if (!this.isUsed) return
    const { stores, log, clock, verbs, options } = this.#parts
    const { observedSteps } = await import('./observed-steps.ts')
    const tracer = this.#parts.tracer('tutti.workflows')
    this.#engine = await openWorkflows(stores.write, [...this.#workflows.values()], {
      ...options,
      use: [observedSteps(tracer), ...(options?.use ?? [])],
      clock: clock(),
      log,
      tracer,
      verbs: verbs(),
    })
  }

  async start(): Promise<void> {
    await this.#engine?.start()
  }

  /** `limit` is how long what is being done may go on, in milliseconds. */
  async stop(limit: number): Promise<void> {
    await this.#engine?.stop({ timeout: limit })
  }

  #known(workflow: { readonly name: string }): Workflow {
    const known = [...this.#workflows.values()].find((one) => one === workflow)
    if (known !== undefined) return known
    throw new TuttiError(
      'TUTTI_WORKFLOW_UNKNOWN',
      `The workflow ${JSON.stringify(workflow.name)} is not part of the application; add it with app.use(…).`,
    )
  }

  #named(name: string): Workflow {
    const known = this.#latest().get(name)
    if (known !== undefined) return known
    throw new TuttiError('TUTTI_WORKFLOW_UNKNOWN', `The workflow ${JSON.stringify(name)} is not part of the application.`)
  }

  async #ended(state: (typeof failures)[number]): Promise<readonly AnyDeadLetter[]> {
    const all: AnyDeadLetter[] = []
    let after: string | undefined
    do {
      const { runs, next } = await this.engine.list({ state, ...(after !== undefined && { after }) })
      all.push(...runs.map((run) => letterOf(run)))
      after = next
    } while (after !== undefined)
    return all
  }

  /** The newest version of each: events start runs of that. */
  #latest(): ReadonlyMap<string, Workflow> {
    const latest = new Map<string, Workflow>()
    for (const workflow of this.#workflows.values())
      if (workflow.version > (latest.get(workflow.name)?.version ?? 0)) latest.set(workflow.name, workflow)
    return latest
  }

  #following(workflow: Workflow): Subscription | undefined {
    const signals = Object.entries(workflow.signals).flatMap(([name, source]) => (isEventSignal(source) ? [{ name, source }] : []))
    const from: ReadableEvent[] = [...workflow.from, ...signals.map(({ source }) => source.event)]
    if (from.length === 0) return undefined
    return subscription(`workflow-${workflow.name}`, { from }, async (event: RecordedEvent) => {
      const start = startedBy(workflow, event)
      if (start !== undefined) await this.engine.run(workflow, start.input, { id: start.id })
      for (const { name, source } of signals) if (source.event.type === event.type) await this.#signal(workflow, { name, source, event })
    })
  }

  async #signal(
    workflow: Workflow,
    { name, source, event }: { readonly name: string; readonly source: EventSignal; readonly event: RecordedEvent },
  ): Promise<void> {
    const id = source.run(event)
    if (id === undefined) return
    try {
      await this.engine.get(workflow, id).signal(name, event.data, { key: event.id })
    } catch (error) {
      // Whoever has ended needs no signals any more. One that is not there yet may come, so the event is handled again.
      if (!(error instanceof TuttiError && error.code === 'TUTTI_RUN_ENDED')) throw error
      this.#parts.log.debug('An event came for a run that had ended.', { workflow: workflow.name, run: id, event: event.id })
    }
  }
}

/** The states in which somebody has to look at a run. */
const failures = ['failed', 'compensation-failed', 'stuck'] as const

function letterOf(run: RunStatus): AnyDeadLetter {
  const problem: RunStatus['problem'] = run.problem ?? run.failure
  const { message = `The run is ${run.state}.`, code, stack } = problem ?? {}
  return {
    kind: 'run',
    of: run.workflow,
    id: run.id,
    subject: problem?.path ?? run.state,
    time: run.endedAt ?? run.updatedAt,
    attempts: 1,
    error: { message, ...(code !== undefined && { code }), ...(stack !== undefined && { stack }) },
    original: run,
  }
}

async function each(ids: readonly string[], act: (id: string) => Promise<boolean>): Promise<number> {
  let count = 0
  for (const id of ids) if (await act(id)) count++
  return count
}

/** What holds on to the runs of a workflow. */
type HandleOf<W> = W extends Runnable<never, infer Handle> ? Handle : never

function isEventSignal(source: Workflow['signals'][string]): source is EventSignal {
  return 'kind' in source && source.kind === 'event-signal'
}

/** Whether something given to `app.use` is a workflow. */
export function isWorkflow(item: unknown): item is Workflow {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'workflow' && 'execute' in item
}
