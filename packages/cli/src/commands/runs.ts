import type { App } from 'tutti'
import type { RunHandle, RunStatus, StepStatus } from 'tutti/workflow'
import { command } from '../command.ts'
import { CommandError } from '../command-error.ts'
import { appOption, withOpenApp } from '../load-app.ts'
import { choice, flag, json, text, whole, word } from '../option.ts'
import { facts, table, time } from '../output.ts'

const states = [
  'queued',
  'running',
  'waiting',
  'undoing',
  'stuck',
  'completed',
  'compensated',
  'failed',
  'compensation-failed',
  'cancelled',
] as const

const args = { workflow: word('the name of a workflow'), id: word('the id of a run') }
const options = { app: appOption }

const list = command({
  name: 'runs list',
  about: 'lists runs, by workflow and id',
  options: {
    ...options,
    workflow: text('--workflow <name>', 'only those of this workflow'),
    state: choice('--state <state>', 'only those in this state', states),
    tenant: text('--tenant <tenant>', 'only those of this tenant'),
    limit: whole('--limit <n>', 'so many at most, 100 unless told otherwise', { least: 1 }),
    after: text('--after <cursor>', 'goes on behind a list that said where it had ended'),
    backwards: flag('--backwards', 'from the last id to the first: the newest first, where Tutti has made the ids'),
  },
  examples: ['runs list', 'runs list --state failed --workflow fulfil', 'runs list --json --limit 1000'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { workflow, state, tenant, limit, after, backwards } = call.options
      if (workflow !== undefined) known(app, workflow)
      const page = await app.runs.list({
        ...(workflow !== undefined && { workflow }),
        ...(state !== undefined && { state }),
        ...(tenant !== undefined && { tenant }),
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
        backwards,
      })
      call.output.answer(page, () =>
        page.runs.length === 0
          ? 'There are no such runs.'
          : table(
              ['WORKFLOW', 'ID', 'STATE', 'STEPS', 'STARTED', 'WAITS FOR'],
              page.runs.map((run) => [
                run.workflow,
                run.id,
                run.state,
                String(run.recorded),
                time(run.createdAt),
                run.waitsFor.map(({ step }) => step).join(','),
              ]),
            ),
      )
      if (page.next !== undefined) call.output.note(`There are more: --after '${page.next}'`)
    }),
})

const show = command({
  name: 'runs show',
  about: 'tells everything about a run: its state, input, output, failure and steps',
  args,
  options,
  examples: ['runs show fulfil order-42', 'runs show fulfil order-42 --json'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const run = found(app, call.args)
      const [status, steps] = [await run.status(), await run.steps()]
      call.output.answer({ ...status, steps }, () => shownRun(status, steps))
    }),
})

const signal = command({
  name: 'runs signal',
  about: 'sends a run a signal, which is kept until it asks for it',
  args: { ...args, signal: word('the name of the signal') },
  options: {
    ...options,
    data: json('--data <json>', 'what the signal carries'),
    key: text('--key <key>', 'of signals with the same key only the first one counts'),
  },
  examples: [`runs signal fulfil order-42 approval --data '{"ok":true}'`],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { data, key } = call.options
      const { signal: name, ...run } = call.args
      // The workflow checks by its schemas what the type cannot know here.
      await found(app, run).signal(name, data as never, key === undefined ? {} : { key })
      call.output.answer({ ...run, signal: name }, () => `The run ${run.id} has the signal ${name}.`)
    }),
})

const cancel = command({
  name: 'runs cancel',
  about: 'gives a run up: what it did is undone',
  args,
  options: { ...options, reason: text('--reason <text>', 'why, for those who look at it later') },
  examples: ['runs cancel fulfil order-42 --reason "the customer called"'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      const { reason } = call.options
      const cancelled = await found(app, call.args).cancel(reason)
      call.output.answer({ ...call.args, cancelled }, () =>
        cancelled ? `The run ${call.args.id} is being cancelled.` : `The run ${call.args.id} had ended already, and stays as it is.`,
      )
    }),
})

const retry = command({
  name: 'runs retry',
  about: 'goes on with a run that has failed or is stuck, from the step that did',
  args,
  options,
  examples: ['runs retry fulfil order-42'],
  run: (call) =>
    withOpenApp(call, async (app) => {
      await found(app, call.args).retry()
      call.output.answer({ ...call.args, retried: true }, () => `The run ${call.args.id} goes on, in a process that runs the application.`)
    }),
})

function known(app: App, name: string): App['workflows'][number] {
  const workflow = app.workflows.filter((one) => one.name === name).toSorted((a, b) => b.version - a.version)[0]
  if (workflow !== undefined) return workflow
  const names = [...new Set(app.workflows.map((one) => one.name))]
  throw new CommandError(
    `There is no workflow ${JSON.stringify(name)}; there ${names.length === 0 ? 'are none' : `is ${names.join(', ')}`}.`,
  )
}

function found(app: App, { workflow, id }: { readonly workflow: string; readonly id: string }): RunHandle {
  return app.runs.get(known(app, workflow), id)
}

function shownRun(run: RunStatus, steps: readonly StepStatus[]): string {
  const failure = run.failure ?? run.problem
  const about = facts([
    ['Run', `${run.workflow} ${run.id}, version ${run.version}`],
    ['State', run.state],
    ['Started', time(run.createdAt)],
    ['Ended', run.endedAt && time(run.endedAt)],
    ['Waits for', run.waitsFor.map(({ step, kind }) => `${step} (${kind})`).join(', ')],
    ['Input', JSON.stringify(run.input)],
    ['Output', JSON.stringify(run.output)],
    ['Failure', failure && `${failure.path ?? ''} ${failure.message}`.trim()],
  ])
  if (steps.length === 0) return about
  const rows = steps.map((step) => [
    step.step,
    step.kind,
    step.failure?.message ?? 'done',
    String(step.attempts),
    `${step.took} ms`,
    step.undo === 'none' ? '' : step.undo,
  ])
  return `${about}\n\n${table(['STEP', 'KIND', 'RESULT', 'ATTEMPTS', 'TOOK', 'UNDO'], rows)}`
}

export const runCommands = [list, show, signal, cancel, retry]
