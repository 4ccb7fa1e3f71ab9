import type { DocumentChange, Storage } from '../storage/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import { RunFailedError } from './errors.ts'
import type { Execution } from './execution.ts'
import type { ChildRuns, Departure, RunEnd, RunName } from './execution-host.ts'
import { changeRun, dueAfterMail, outsideChange, type OutsideChange } from './mailbox.ts'
import { childItem, hasEnded, openStatus, runKey, type RunDocument, type RunValue } from './run-document.ts'
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
  /** Runs whose parents are told here when they have ended, instead of with their last write. */
  readonly #promised = new Set<string>()

  constructor(parts: FamilyParts) {
    this.#parts = parts
  }

  async start(workflow: WorkflowType, input: unknown, options: Parameters<ChildRuns['start']>[2]): Promise<void> {
    await this.#parts.starter.start(workflow, input, options)
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
      const { output: _output, endedAt: _endedAt, ...rest } = value
      const failure = { name: 'WorkflowError', code: 'TUTTI_RUN_CANCELLED', message: reason }
      return { value: { ...rest, state: 'undoing', failure }, status: openStatus(value.version), due: clock.now() }
    })
    worker.look()
    const { state, failure, problem } = await handle(child).end(signal)
    if (state === 'stuck' || state === 'compensation-failed')
      throw nonRetryable(new RunFailedError(child, state, problem ?? failure ?? { name: 'Error', message: 'it has no reason' }))
  }

  /** What is written with the end of a run so that its parent goes on, wherever that is. */
  async telling({ workflow, id }: RunName, { parent }: RunValue): Promise<readonly DocumentChange[]> {
    if (parent === undefined) return []
    const { storage, worker } = this.#parts
    const child = runKey(workflow, id)
    const key = runKey(parent.workflow, parent.id)
    if (worker.find(key)?.hold(child) === true) {
      this.#promised.add(child)
      return []
    }
    this.#promised.delete(child)
    const document = await storage.state.get<RunValue>(key)
    const change = document && this.#poke(document, child)
    return document && change ? [outsideChange(document, change)] : []
  }

  /** Tells the parent of a run that has left this process. */
  left({ key, session }: Execution, { kind }: Departure): void {
    const { parent } = session.value
    if (parent === undefined || !this.#promised.delete(key)) return
    const { storage, settings, worker } = this.#parts
    const { clock, log } = settings
    const execution = worker.find(runKey(parent.workflow, parent.id))
    if (execution !== undefined) return execution.tell(key, kind === 'ended' ? childItem(key, clock.now()) : undefined)
    // It has left meanwhile.
    changeRun({ storage, clock }, parent, (document) => this.#poke(document, key)).catch((error: unknown) =>
      log.warn('A run could not be told that one of its children has ended; it looks itself later', { run: parent.id, error }),
    )
  }

  #poke(document: RunDocument, child: string): OutsideChange | undefined {
    if (hasEnded(document.value.state)) return undefined
    const now = this.#parts.settings.clock.now()
    return { value: withItem(document.value, childItem(child, now)) ?? document.value, due: dueAfterMail(document, now) }
  }
}

function endOf({ state, output, failure, problem }: RunValue): RunEnd | undefined {
  if (!hasEnded(state) && state !== 'stuck') return undefined
  const reason = state === 'stuck' || state === 'compensation-failed' ? problem : failure
  return { state, output, ...(reason && { failure: reason }) }
}
