import { Accepted, Rejected, type Askable, type Sendable } from '../message/index.ts'
import { reachable } from './attempting.ts'
import { once, perform } from './effect.ts'
import type { Operations } from './operations.ts'
import { resolveAttempts, resolveUndo, type StepOptions } from './step-options.ts'
import type { SendOptions } from './workflow-context.ts'

/** Carries a command out; one of an aggregate gets the key of the step, so that it is carried out once. */
export async function send(run: Operations, command: Sendable<unknown>, options: SendOptions<unknown>): Promise<unknown> {
  return asStep(run, { ...options, kind: 'send' }, async (verbs, key) => toPlain(await verbs.sendWith(command, { key })))
}

/** Asks a query. */
export async function ask(run: Operations, query: Askable<unknown>, options: SendOptions<unknown>): Promise<unknown> {
  return asStep(run, { ...options, kind: 'ask' }, async (verbs) => toPlain(await verbs.ask(query)))
}

async function asStep(
  run: Operations,
  { kind, name = kind, ...options }: SendOptions<unknown> & { readonly kind: 'send' | 'ask' },
  work: (verbs: NonNullable<Operations['verbs']>, key: string) => Promise<unknown>,
): Promise<unknown> {
  const policy = resolveAttempts(options, run.attempts)
  const undo = resolveUndo(name, unwrapped(options.undo), policy.timeout)
  const place = run.enter(kind, name)
  const effect = once(run, place, ({ key }) => work(reachable(run.verbs), key))
  return fromPlain(await perform(run, place, { policy, undo, once: effect }))
}

/** What a command came to, as it is recorded. */
type Plain =
  | { readonly accepted: readonly [number, number] }
  | { readonly rejected: readonly [string, Rejected['details']] }
  | { readonly value: unknown }

function toPlain(result: unknown): Plain {
  if (result instanceof Accepted) return { accepted: [result.version, result.position] }
  if (result instanceof Rejected) return { rejected: [result.code, result.details] }
  return { value: result }
}

function fromPlain(recorded: unknown): unknown {
  // It is what `toPlain` made.
  const plain = recorded as Plain
  if ('accepted' in plain) return new Accepted(...plain.accepted)
  return 'rejected' in plain ? new Rejected(...plain.rejected) : plain.value
}

/** The undo gets what the caller got. */
function unwrapped(undo: StepOptions<unknown>['undo']): StepOptions<unknown>['undo'] {
  if (undo === undefined) return undefined
  const options = typeof undo === 'function' ? { run: undo } : undo
  return { ...options, run: (recorded, ctx) => options.run(recorded === undefined ? undefined : fromPlain(recorded), ctx) }
}
