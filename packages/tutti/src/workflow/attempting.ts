import { deriveContext, currentContext, runInContext, TuttiError, type Clock } from '../kernel/index.ts'
import type { ProtocolVerbs } from '../message/index.ts'
import type { Logger } from '../observe/index.ts'
import { WorkflowError } from './errors.ts'
import type { StepContext } from './step-context.ts'

/** How something is tried. */
export interface Trial {
  readonly key: string
  readonly attempt: number
  /** Milliseconds; `undefined` is no limit. */
  readonly timeout: number | undefined
  /** Told when its time is over. */
  readonly onTimeout: () => void
  /** Tells that it was given up; what it still comes to is awaited. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly log: Logger
  readonly verbs?: Pick<ProtocolVerbs, 'sendWith' | 'ask'> | undefined
}

/** Tries something once. Rejects with `TUTTI_TIMEOUT` when its time is over, whatever it does then. */
export async function attempting<T>(trial: Trial, work: (ctx: StepContext) => T): Promise<Awaited<T>> {
  const { timeout, clock, signal } = trial
  if (timeout === undefined) return await inContext(signal, () => work(contextOf(trial, signal)))
  const limit = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = clock.setTimeout(() => {
    const error = new TuttiError('TUTTI_TIMEOUT', `The attempt took longer than ${timeout} ms.`, { status: 504 })
    trial.onTimeout()
    limit.abort(error)
    reject(error)
  }, timeout)
  const either = AbortSignal.any([signal, limit.signal])
  try {
    return await Promise.race([inContext(either, () => work(contextOf(trial, either))), late])
  } finally {
    timer.cancel()
  }
}

function contextOf({ key, attempt, log, verbs }: Trial, signal: AbortSignal): StepContext {
  let sent = 0
  return {
    key,
    attempt,
    signal,
    log,
    send: (command) => reachable(verbs).sendWith(command, { key: `${key}#${sent++}` }),
    ask: (query) => reachable(verbs).ask(query),
  }
}

/** The verbs of the application. Throws where there is none. */
export function reachable(verbs: Trial['verbs']): NonNullable<Trial['verbs']> {
  if (verbs !== undefined) return verbs
  throw new WorkflowError('TUTTI_HANDLER_MISSING', 'The run cannot send or ask anything: createWorkflows was given no verbs.')
}

/** What the work calls is given up with it. */
function inContext<T>(signal: AbortSignal, work: () => T): T {
  const context = currentContext()
  return context === undefined || context.signal === signal ? work() : runInContext(deriveContext(context, { signal }), work, undefined)
}
