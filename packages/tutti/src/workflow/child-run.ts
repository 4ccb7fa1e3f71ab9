import { milliseconds } from '../kernel/index.ts'
import { RunFailedError } from './errors.ts'
import { StorageError } from '../storage/index.ts'
import type { RunEnd, RunName } from './execution-host.ts'
import type { Operations } from './operations.ts'
import type { Place } from './place.ts'
import { runKey, type InboxItem } from './run-document.ts'
import { longestId } from './run-order.ts'
import { storable } from './storable.ts'
import { resolveUndo } from './step-options.ts'
import type { ChildOptions } from './workflow-context.ts'
import type { WorkflowType } from './workflow-type.ts'

/** Starts a run of another workflow, waits for its result, and takes it back with this run. */
export async function runChild(
  run: Operations,
  child: { readonly workflow: WorkflowType; readonly input: unknown },
  options: ChildOptions,
): Promise<unknown> {
  const { workflow, input } = child
  const { name = workflow.name } = options
  const place = run.enter('run', name)
  const { path, recorded } = place
  const named: RunName = { workflow: workflow.name, id: options.id ?? childId(run.journalId, path) }
  const { children } = run
  // Of a child there is always something to take back: it may have been started, whatever became of that.
  const policy = resolveUndo(name, { run: (_, { signal }) => children.takeBack(named, signal), onUnknown: true }, undefined)
  const undoable = (seq: number): void => policy && run.undos.add({ path, seq, policy, result: undefined })
  if (recorded !== undefined) {
    const { record, seq } = recorded
    if (record.failure !== undefined) throw new RunFailedError(named, endOf(record.failure.code), record.failure)
    undoable(seq)
    return record.result
  }
  undoable(Number.POSITIVE_INFINITY)
  await run.ready(place)
  const { change, begin } = await children.prepare(workflow, input, {
    id: named.id,
    parent: run.name,
    ...(options.deadline !== undefined && { deadline: milliseconds(options.deadline) }),
    ...(run.info.tenant !== undefined && { tenant: run.info.tenant }),
  })
  if (await run.create(change)) begin()
  const { end, taken } = await ended(run, place, named)
  if (end.state !== 'completed') {
    // What it did it has undone itself.
    if (end.state !== 'compensation-failed') run.undos.remove(path)
    const failure = { ...(end.failure ?? { name: 'Error', message: 'it has no reason' }), code: end.state }
    run.record(place, { failure }, { taken })
    throw new RunFailedError(named, end.state, failure)
  }
  const { value, size } = storable(end.output, `The result of ${path}`, run.payload)
  undoable(run.record(place, { result: value, undo: true }, { size, taken }))
  return value
}

/** Waits until a child has ended, also while this run is in no process's memory. */
async function ended(
  run: Operations,
  place: Place,
  child: RunName,
): Promise<{ readonly end: RunEnd; readonly taken: InboxItem | undefined }> {
  const wanted = { kind: 'child', name: runKey(child.workflow, child.id) } as const
  let taken: InboxItem | undefined
  for (;;) {
    const end = await patiently(run, place, () => run.children.end(child))
    if (end !== undefined) return { end, taken: taken ?? run.take(wanted) }
    const item = await run.wait(place, {}, wanted)
    if (item !== 'time') taken = item
  }
}

/** Does something with the storage, again and again where that does not answer. */
async function patiently<T>(run: Operations, place: Place, work: () => Promise<T>): Promise<T> {
  for (let delay = 50; ; delay = Math.min(1_000, delay * 2)) {
    try {
      return await run.look(place, work)
    } catch (error) {
      if (!(error instanceof StorageError) || error.code === 'TUTTI_OPTION_INVALID') throw error
      run.log.warn('A run that is started by another one cannot be reached; it is tried again', { error })
      await run.wait(place, { until: run.clock.now() + delay })
    }
  }
}

function endOf(code: string | undefined): RunFailedError['state'] {
  // It was put there when the end was recorded.
  return code as RunFailedError['state']
}

/** The id of a child: that of its parent and what it is called there, as far as that fits. */
function childId(parent: string, path: string): string {
  const id = `${parent}/${path}`
  if (id.length <= longestId) return id
  const { createHash } = process.getBuiltinModule('node:crypto')
  return `${id.slice(0, longestId - 33)}~${createHash('sha256').update(id).digest('hex').slice(0, 32)}`
}
