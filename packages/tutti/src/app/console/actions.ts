import type { HttpContext, Router } from '../../http/index.ts'
import { newId } from '../../kernel/index.ts'
import { answer } from './answer.ts'
import { param } from './api.ts'
import { notFound } from './asked.ts'
import type { Audit } from './audit.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import { steerConsumer } from './consumer-list.ts'
import type { ConsoleAnswer, ConsoleDone } from './contract.ts'
import { input, neededIn, textIn, type Input } from './input.ts'
import { editMessage, lettersIn } from './letter-list.ts'
import { steerProjection } from './projection-list.ts'
import { askQuery, sendCommand } from './requests.ts'
import { runOf, workflowOf } from './run-list.ts'
import { steerJob, steerSchedule } from './schedule-list.ts'
import { changeLogLevel } from './telemetry-view.ts'

type Change = (ctx: HttpContext, body: Input) => Promise<unknown>

/** What can be changed through the Console: each change is written down with who made it. */
export function consoleActions(api: Router<string>, parts: OpenConsoleParts, audit: Audit): void {
  const { backend, telemetry, log } = parts
  const { runs, deadLetters } = backend
  const tracer = telemetry.tracer('tutti.console')
  const done = async (work: Promise<unknown>): Promise<ConsoleDone> => {
    const result = await work
    return typeof result === 'number' ? { done: true, count: result } : { done: true }
  }
  const change = (path: string, describe: (ctx: HttpContext) => readonly [action: string, target: string], work: Change): void => {
    api.post(path, { body: input }, async (ctx) => {
      const [action, target] = describe(ctx)
      return answer(await audit.change(ctx, { action, target, input: ctx.body, work: () => work(ctx, ctx.body) }))
    })
  }
  change(
    '/commands/:name',
    (ctx) => ['command.send', param(ctx, 'name')],
    (ctx, body): Promise<ConsoleAnswer> => sendCommand(backend, tracer, { name: param(ctx, 'name'), body }),
  )
  // To ask changes nothing, so it is not written down.
  api.post('/queries/:name', { body: input }, async (ctx) =>
    answer<ConsoleAnswer>(await askQuery(backend, tracer, { name: param(ctx, 'name'), body: ctx.body })),
  )
  change(
    '/projections/:name/:action',
    (ctx) => [`projection.${param(ctx, 'action')}`, param(ctx, 'name')],
    (ctx) => done(steerProjection(backend, param(ctx, 'name'), param(ctx, 'action'))),
  )
  change(
    '/runs/:workflow',
    (ctx) => ['run.start', param(ctx, 'workflow')],
    async (ctx, body) => {
      const workflow = workflowOf(runs, param(ctx, 'workflow'))
      const { id } = await runs.engine.run(workflow, body['input'], { id: textIn(body, 'id') ?? newId() })
      return { done: true, workflow: workflow.name, id }
    },
  )
  change(
    '/runs/:workflow/:id/:action',
    (ctx) => [`run.${param(ctx, 'action')}`, `${param(ctx, 'workflow')}/${param(ctx, 'id')}`],
    async (ctx, body) => {
      const run = runOf(runs, param(ctx, 'workflow'), param(ctx, 'id'))
      const action = param(ctx, 'action')
      if (action === 'signal') return done(run.signal(neededIn(body, 'name'), body['data']))
      if (action === 'cancel') return done(run.cancel(textIn(body, 'reason') ?? 'It was cancelled through the Console.'))
      if (action === 'retry') return done(run.retry())
      throw notFound(`The action ${JSON.stringify(action)}`)
    },
  )
  change(
    '/schedules/:name/:action',
    (ctx) => [`schedule.${param(ctx, 'action')}`, param(ctx, 'name')],
    async (ctx) => ({ done: true, ...(await steerSchedule(backend, param(ctx, 'name'), param(ctx, 'action'))) }),
  )
  change(
    '/jobs/:id/:action',
    (ctx) => [`job.${param(ctx, 'action')}`, param(ctx, 'id')],
    (ctx) => done(steerJob(backend, param(ctx, 'id'), param(ctx, 'action'))),
  )
  change(
    '/topics/:topic/:group/:action',
    (ctx) => [`consumer.${param(ctx, 'action')}`, `${param(ctx, 'topic')}/${param(ctx, 'group')}`],
    (ctx) => done(steerConsumer(backend, { topic: param(ctx, 'topic'), group: param(ctx, 'group') }, param(ctx, 'action'))),
  )
  change(
    '/dead-letters/replay',
    () => ['dead-letters.replay', 'dead letters'],
    (_, body) => done(deadLetters.replay(lettersIn(body))),
  )
  change(
    '/dead-letters/discard',
    () => ['dead-letters.discard', 'dead letters'],
    (_, body) => done(deadLetters.discard(lettersIn(body))),
  )
  change(
    '/dead-letters/edit',
    () => ['dead-letters.edit', 'a message'],
    (_, body) => done(editMessage(backend, body)),
  )
  change(
    '/log-levels',
    () => ['log-level.change', 'log'],
    async (_, body) => changeLogLevel(log, body),
  )
}
