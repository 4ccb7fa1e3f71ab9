import { isSchema, type JsonSchema, type Schema } from '../../schema/index.ts'
import type { RunHandle, RunQuery, RunState, RunStatus, SagaGraph, Workflow } from '../../workflow/index.ts'
import type { Backend } from '../backend.ts'
import type { Runs } from '../runs.ts'
import { toWire } from './answer.ts'
import { badInput, limitOf, notFound, textOf } from './asked.ts'
import type { ConsoleRun, ConsoleRunDetail, ConsoleWorkflow, Page } from './contract.ts'
import { described } from './route-list.ts'

/** The workflows of the application, with how many of their runs are in which state. */
export async function workflowList({ runs }: Backend): Promise<readonly ConsoleWorkflow[]> {
  const byName = Map.groupBy(runs.workflows, ({ name }) => name)
  return Promise.all(
    [...byName].map(async ([name, versions]) => {
      const latest = latestOf(versions)
      return {
        name,
        versions: versions.map(({ version }) => version).toSorted((a, b) => a - b),
        graph: graphOf(latest),
        signals: Object.fromEntries(Object.entries(latest.signals).map(([signal, source]) => [signal, signalSchema(source)])),
        input: described(latest.input),
        startedBy: latest.from.map(({ type }) => type),
        counts: await runs.engine.count(name),
      }
    }),
  )
}

/** Runs that fit, and how the next part of them is asked for. */
export async function runList(ctx: Parameters<typeof limitOf>[0], { runs }: Backend): Promise<Page<ConsoleRun>> {
  if (!runs.isUsed) return { items: [], next: undefined }
  const limit = limitOf(ctx)
  if (textOf(ctx, 'stranded') !== undefined)
    return { items: (await runs.engine.stranded({ limit })).map((run) => shownRun(run)), next: undefined }
  const workflow = textOf(ctx, 'workflow')
  const id = textOf(ctx, 'text')
  const tenant = textOf(ctx, 'tenant')
  const after = textOf(ctx, 'after')
  const state = stateOf(textOf(ctx, 'state'))
  const query: RunQuery = {
    limit,
    // What is new is what is looked for; the ids that Tutti makes follow time.
    backwards: true,
    ...(workflow !== undefined && { workflow }),
    ...(state !== undefined && { state }),
    ...(tenant !== undefined && { tenant }),
    ...(after !== undefined && { after }),
    ...(id !== undefined && { id }),
  }
  const { runs: found, next } = await runs.engine.list(query)
  return { items: found.map((run) => shownRun(run)), next }
}

/** A run with all that it has done. Throws 404 where there is none. */
export async function runDetail({ runs }: Backend, workflow: string, id: string): Promise<ConsoleRunDetail> {
  const handle = runOf(runs, workflow, id)
  const [run, steps, { runs: below }] = await Promise.all([
    handle.status(),
    handle.steps(),
    // The ids of runs that a run has started begin with its own, unless it gave them others.
    runs.engine.list({ id: `${id}/`, limit: 100 }),
  ])
  const parent = run.parent === undefined ? [] : [{ relation: 'parent' as const, ...run.parent }]
  const children = below
    .filter((one) => one.parent?.workflow === workflow && one.parent.id === id)
    .map((one) => ({ relation: 'child' as const, workflow: one.workflow, id: one.id }))
  const version = runs.workflows.find((one) => one.name === workflow && one.version === run.version)
  return {
    run: toWire(run),
    steps: steps.map((step) => toWire(step)),
    graph: graphOf(version ?? workflowOf(runs, workflow)),
    related: [...parent, ...children],
  }
}

/** The run that a topic such as `run:fulfil/o-1` is about. */
export function paramsOfRun(topic: string): { readonly workflow: string; readonly id: string } | undefined {
  const [, workflow, id] = /^run:([^/]+)\/(.+)$/.exec(topic) ?? []
  return workflow === undefined || id === undefined ? undefined : { workflow, id }
}

/** What holds on to a run. Throws 404 for a workflow that does not exist. */
export function runOf(runs: Runs, workflow: string, id: string): RunHandle {
  return runs.engine.get(workflowOf(runs, workflow), id)
}

/** The newest version of a workflow. Throws 404 where there is none. */
export function workflowOf(runs: Runs, name: string): Workflow {
  const versions = runs.workflows.filter((one) => one.name === name)
  if (versions.length === 0) throw notFound(`The workflow ${JSON.stringify(name)}`)
  return latestOf(versions)
}

function latestOf(versions: readonly Workflow[]): Workflow {
  return versions.reduce((latest, one) => (one.version > latest.version ? one : latest))
}

function shownRun({ input: _, output: __, ...run }: RunStatus): ConsoleRun {
  return toWire(run)
}

/** The picture of a saga; a workflow that is a function has none. */
export function graphOf(workflow: Workflow): SagaGraph | undefined {
  return 'graph' in workflow && typeof workflow.graph === 'function' ? (workflow.graph as () => SagaGraph)() : undefined
}

function signalSchema(source: Workflow['signals'][string]): JsonSchema | undefined {
  const schema: Schema = isSchema(source) ? source : source.event.definition.schema
  return described(schema)
}

/** By name, so that the compiler misses any that is not here: what the rooms share is loaded with every application. */
const states: Readonly<Record<RunState, true>> = {
  queued: true,
  running: true,
  waiting: true,
  undoing: true,
  stuck: true,
  completed: true,
  compensated: true,
  failed: true,
  'compensation-failed': true,
  cancelled: true,
}

function stateOf(state: string | undefined): RunState | undefined {
  if (state === undefined || isState(state)) return state
  throw badInput(`The state is ${JSON.stringify(state)}; wanted one of ${Object.keys(states).join(', ')}.`)
}

function isState(state: string): state is RunState {
  return Object.hasOwn(states, state)
}
