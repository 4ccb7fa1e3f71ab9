import { createMeter, inSpan, type Tracer } from '../observe/index.ts'
import type { StepMiddleware } from '../workflow/index.ts'

/** Middleware of runs in which each attempt of a step, an undo, a command or a query is a span and is counted. */
export function observedSteps(tracer: Tracer): StepMiddleware {
  const attempts = createMeter('tutti.workflows').histogram('tutti.workflow.attempts', {
    description: 'How long attempts of steps and undos took, by how they ended; those beyond the first are retries',
    unit: 's',
  })
  return async (ctx, next) => {
    const { run, step, kind, attempt, signal } = ctx
    const start = performance.now()
    let outcome = 'done'
    const work = async (): Promise<unknown> => {
      try {
        return await next()
      } catch (error) {
        outcome = signal.aborted ? 'given-up' : 'failed'
        throw error
      }
    }
    const attributes = {
      'tutti.workflow': run.workflow,
      'tutti.run.id': run.id,
      'tutti.step': step,
      'tutti.step.kind': kind,
      'tutti.attempt': attempt,
    }
    try {
      return await inSpan(tracer, { name: kind === 'undo' ? `undo ${step.replace(/^undo:/, '')}` : `${kind} ${step}`, attributes }, work)
    } finally {
      const labels = { workflow: run.workflow, kind, retry: attempt > 1, outcome }
      attempts.record((performance.now() - start) / 1000, labels)
    }
  }
}
