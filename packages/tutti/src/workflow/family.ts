import type { Storage } from '../storage/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import { RunFailedError } from './errors.ts'
import type { ChildRuns, Ending, RunEnd, RunName } from './execution-host.ts'
import { changeRun, dueAfterMail, outsideChange } from './mailbox.ts'
import { childItem, hasEnded, openStatus, runKey, type RunValue } from './run-document.ts'
import { withItem } from './run-model.ts'
import type { Starter } from './starter.ts'
import { nonRetryable } from './step-options.ts'
import type { StoredRun } from './stored-run.ts'
import type { Worker } from './worker.ts'
import type { WorkflowType } from './workflow-type.ts'

/** What runs that start other runs work with. */
export interface FamilyParts {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly worker: Worker
  readonly starter: Starter
  handle(run: RunName): StoredRun<WorkflowType>
}

/** Runs that other runs have started: their ends are told to their parents, and they are taken back with them. */
export class Family implements ChildRuns {
  readonly #parts: FamilyParts

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  prepare(workflow: WorkflowType, input: unknown, options: Parameters<ChildRuns['prepare']>[2]): ReturnType<ChildRuns['prepare']> {
    return this.#parts.starter.prepare(workflow, input, options)
  }

  async end({ workflow, id }: RunName): Promise<RunEnd | undefined> {
    const { storage } = this.#parts
    const value = (await storage.state.get<RunValue>(runKey(workflow, id)))?.value
    return value && endOf(value)
  }

  async takeBack(child: RunName, signal: AbortSignal): Promise<void> {
    const { storage, settings, worker, handle } = this.#parts
    const { clock } = settings
    const key = runKey(child.workflow, child.id)
    if ((await storage.state.get(key)) === undefined) return
    const reason = 'The run that had started it is undone.'
    await handle(child).cancel(reason)
    await changeRun({ storage, clock }, child, ({ value }) => {
      if (value.state !== 'completed') return undefined
      // It has left its group already.
      const { output: _output, endedAt: _endedAt, admission: _admission, ...rest } = value
      const failure = { name: 'WorkflowError', code: 'TUTTI_RUN_CANCELLED', message: reason }
      return { value: { ...rest, state: 'undoing', failure }, status: openStatus(value.version), due: clock.now() }
    })
    worker.look()
    const { state, failure, problem } = await handle(child).end(signal)
    if (state === 'stuck' || state === 'compensation-failed')
      throw nonRetryable(new RunFailedError(child, state, problem ?? failure ?? { name: 'Error', message: 'it has no reason' }))
  }

  /** What is written with the end of a run so that its parent goes on, wherever that is. */
  async telling({ workflow, id }: RunName, { parent }: RunValue): Promise<Ending> {
    if (parent === undefined) return { also: [] }
    const { storage, worker, settings } = this.#parts
    const key = runKey(parent.workflow, parent.id)
    const item = childItem(runKey(workflow, id), settings.clock.now())
    const here = await worker.find(key)?.tellWith(item)
    if (here !== undefined) return here
    const document = await storage.state.get<RunValue>(key)
    if (document === undefined || hasEnded(document.value.state)) return { also: [] }
    const value = withItem(document.value, item) ?? document.value
    return { also: [outsideChange(document, { value, due: dueAfterMail(document, settings.clock.now()) })] }
  }
}

function endOf({ state, output, failure, problem }: RunValue): RunEnd | undefined {
  // One that is stuck may still be mended.
  if (!hasEnded(state)) return undefined
  const reason = state === 'compensation-failed' ? problem : failure
  return { state, output, ...(reason && { failure: reason }) }
}
