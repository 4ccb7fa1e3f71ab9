import { newId } from '../kernel/index.ts'
import type { Askable, Sendable } from '../message/index.ts'
import type { Transaction } from '../storage/index.ts'
import { all } from './all.ts'
import { runChild } from './child-run.ts'
import { once, perform } from './effect.ts'
import { WorkflowFailure } from './errors.ts'
import type { Operations } from './operations.ts'
import { patches } from './patches.ts'
import { ask, send } from './sending.ts'
import type { StepContext } from './step-context.ts'
import { resolveAttempts, resolveUndo, type StepOptions } from './step-options.ts'
import { sleep, waitForSignal } from './waiting.ts'
import type { ChildOptions, SendOptions, WorkflowContext } from './workflow-context.ts'
import type { WorkflowType } from './workflow-type.ts'

/** What the function of a workflow gets, for one run. */
export function createContext(run: Operations): WorkflowContext {
  const patched = patches(run)
  /** A value that is recorded, with what is done next. */
  const value = <T>(name: string, make: () => T): T => {
    const place = run.enter('value', name)
    // It is what `make` gave when it was recorded.
    if (place.recorded !== undefined) return place.recorded.record.result as T
    const made = make()
    run.record(place, { result: made })
    return made
  }
  const settle = (name: string, options: StepOptions<unknown>) => {
    const policy = resolveAttempts(options, run.attempts)
    return { policy, undo: resolveUndo(name, options.undo, policy.timeout) }
  }
  const context = {
    info: run.info,
    get log() {
      return run.log
    },
    step: async (name: string, work: (ctx: StepContext) => unknown, options: StepOptions<unknown> = {}) => {
      const settled = settle(name, options)
      const place = run.enter('step', name)
      return perform(run, place, { ...settled, once: once(run, place, work) })
    },
    tx: async (name: string, work: (tx: Transaction, ctx: StepContext) => Promise<unknown>, options: StepOptions<unknown> = {}) => {
      const settled = settle(name, options)
      const place = run.enter('tx', name)
      return perform(run, place, { ...settled, once: (attempt) => run.transact(place, attempt, work) })
    },
    all: (branches: Readonly<Record<string, () => unknown>>) => all(run, branches),
    signal: (name: string, { within }: { readonly within?: `${number}ms` | number } = {}) => waitForSignal(run, name, within),
    sleep: (time: Parameters<WorkflowContext['sleep']>[0]) => sleep(run, time),
    now: () => new Date(value('now', () => run.clock.now())),
    random: () => value('random', Math.random),
    id: () => value('id', newId),
    patched,
    send: (command: Sendable<unknown>, options: SendOptions<unknown> = {}) => send(run, command, options),
    ask: (query: Askable<unknown>, options: SendOptions<unknown> = {}) => ask(run, query, options),
    run: (workflow: WorkflowType, input: unknown, options: ChildOptions = {}) => runChild(run, { workflow, input }, options),
    fail: (reason: string, details?: Readonly<Record<string, unknown>>) => new WorkflowFailure(reason, details),
    continueAs: (input: unknown) => run.continueAs(input),
  }
  // The results have the types of the functions that the caller gives: that is where they come from.
  return context as WorkflowContext
}
