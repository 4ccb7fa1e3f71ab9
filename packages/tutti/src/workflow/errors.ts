import { TuttiError, type ErrorCode, type TuttiErrorOptions } from '../kernel/index.ts'
import { failureError, type Failure } from './failure.ts'
import type { EndState, RunState } from './run-document.ts'

/** Something about a workflow or a run that cannot be done. */
export class WorkflowError extends TuttiError {
  constructor(code: ErrorCode, message: string, options?: TuttiErrorOptions) {
    super(code, message, options)
  }
}

/**
 * A step has failed for good: `failure` says why. It is the same when the run is executed again, so branch on `failure.code` or
 * `failure.name` rather than on the class of the cause.
 */
export class StepFailedError extends WorkflowError {
  /** The step's path, such as `reserve` or `label/print`. */
  readonly step: string
  readonly failure: Failure
  /** How often it was tried. */
  readonly attempts: number

  constructor(step: string, failure: Failure, attempts: number) {
    super('TUTTI_STEP_FAILED', `The step ${step} failed after ${attempts} attempt${attempts === 1 ? '' : 's'}: ${failure.message}`, {
      cause: failureError(failure),
      details: { step, attempts },
    })
    this.step = step
    this.failure = failure
    this.attempts = attempts
  }
}

/** A run has ended without a result: `state` says how, `failure` why. */
export class RunFailedError extends WorkflowError {
  readonly workflow: string
  readonly run: string
  readonly state: Exclude<EndState, 'completed'> | 'stuck'
  readonly failure: Failure

  constructor(run: { readonly workflow: string; readonly id: string }, state: RunFailedError['state'], failure: Failure) {
    super('TUTTI_RUN_FAILED', `The run ${run.id} of ${run.workflow} is ${state}: ${failure.message}`, {
      cause: failureError(failure),
      details: { workflow: run.workflow, run: run.id, state },
    })
    this.workflow = run.workflow
    this.run = run.id
    this.state = state
    this.failure = failure
  }
}

/** What `w.fail` makes: the workflow itself has decided that it cannot succeed. */
export class WorkflowFailure extends WorkflowError {
  constructor(reason: string, details?: Readonly<Record<string, unknown>>) {
    super('TUTTI_WORKFLOW_FAILED', reason, { status: 422, ...(details && { details }) })
  }
}

export function runCancelled(reason: string): WorkflowError {
  return new WorkflowError('TUTTI_RUN_CANCELLED', `The run was cancelled: ${reason}`)
}

export function runOverdue(): WorkflowError {
  return new WorkflowError('TUTTI_DEADLINE_EXCEEDED', 'The deadline of the run has passed.', { status: 504 })
}

export function branchAborted(branch: string): WorkflowError {
  return new WorkflowError('TUTTI_BRANCH_ABORTED', `The branch ${branch} was given up, because another branch beside it has failed.`)
}

export function runUnknown(workflow: string, id: string): WorkflowError {
  return new WorkflowError('TUTTI_RUN_UNKNOWN', `There is no run ${JSON.stringify(id)} of the workflow ${workflow}.`, {
    status: 404,
    details: { workflow, run: id },
  })
}

export function runEnded(id: string, state: RunState, wanted: string): WorkflowError {
  return new WorkflowError('TUTTI_RUN_ENDED', `The run ${JSON.stringify(id)} is ${state}; ${wanted}`, {
    status: 409,
    details: { run: id, state },
  })
}

export function diverged(message: string, details: Readonly<Record<string, unknown>> = {}): WorkflowError {
  return new WorkflowError(
    'TUTTI_WORKFLOW_DIVERGED',
    `${message} The code is not what the run began with. Deploy that code and retry the run, or give the changed workflow another version; for small edits there is w.patched(id).`,
    { details },
  )
}

export function beyondLimit(message: string, details: Readonly<Record<string, unknown>>): WorkflowError {
  return new WorkflowError('TUTTI_RUN_LIMIT', message, { details })
}
