import type { Clock } from '../kernel/index.ts'
import { DocumentConflictError, LeaseLostError, type DocumentChange, type Storage } from '../storage/index.ts'
import { runUnknown } from './errors.ts'
import type { RunName } from './execution-host.ts'
import { runKey, type RunDocument, type RunValue } from './run-document.ts'

/** How the document of a run is changed by somebody who does not execute it. */
export interface OutsideChange {
  readonly value: RunValue
  /** @default as it was */
  readonly status?: string
  /** Infinity is never. */
  readonly due: number
  /** What is written with it. @default nothing */
  readonly also?: readonly DocumentChange[]
}

/** Others are always faster only where something is wrong. */
const attempts = 200

/** Changes the document of a run beside whoever executes it. `make` may be called again; where it gives nothing, nothing is written. */
export async function changeRun(
  { storage, clock }: { readonly storage: Storage; readonly clock: Clock },
  { workflow, id }: RunName,
  make: (document: RunDocument) => OutsideChange | undefined | Promise<OutsideChange | undefined>,
): Promise<{ readonly before: RunDocument; readonly change: OutsideChange } | undefined> {
  const key = runKey(workflow, id)
  for (let attempt = 1; ; attempt++) {
    const before = await storage.state.get<RunValue>(key)
    if (before === undefined) throw runUnknown(workflow, id)
    const change = await make(before)
    if (change === undefined) return undefined
    try {
      await storage.state.write([outsideChange(before, change), ...(change.also ?? [])])
      return { before, change }
    } catch (error) {
      if (!(error instanceof DocumentConflictError || error instanceof LeaseLostError) || attempt === attempts) throw error
      // Whoever executes the run writes often: not both again at the same time.
      if (attempt > 3) await clock.sleep(Math.random() * Math.min(attempt, 20))
    }
  }
}

/** How a document is changed that is as it was read. */
export function outsideChange(
  { key, status: before, version: ifVersion, epoch, tenant }: RunDocument,
  change: OutsideChange,
): DocumentChange {
  const { value, status = before, due } = change
  return {
    key,
    value,
    ifVersion,
    epoch,
    ...(status !== undefined && { status }),
    ...(Number.isFinite(due) && { due: Math.ceil(due) }),
    ...(tenant !== undefined && { tenant }),
  }
}

/** When a run is due after it was sent something: at once, where it waits; a process that has it finds it by 0. */
export function dueAfterMail({ value, due, owner, leaseUntil }: RunDocument, now: number): number {
  if (value.state === 'stuck' || value.state === 'queued') return due ?? Number.POSITIVE_INFINITY
  return owner !== undefined && (leaseUntil ?? 0) > now ? 0 : now
}
