import { newId } from '../kernel/index.ts'
import type { Storage } from '../storage/index.ts'
import type { EngineSettings } from './engine-settings.ts'
import { runEnded, RunFailedError, runUnknown, WorkflowError } from './errors.ts'
import type { RunName } from './execution-host.ts'
import { changeRun, dueAfterMail } from './mailbox.ts'
import { hasEnded, runKey, type InboxItem, type RunDocument, type RunValue } from './run-document.ts'
import type { RunHandle, SignalOptions } from './run-handle.ts'
import { withItem } from './run-model.ts'
import { validated } from './run-order.ts'
import { readPages, statusOf, stepsOf, type RunStatus, type StepStatus } from './run-status.ts'
import { retried } from './retrying.ts'
import { schemaOf, type SignalSources } from './signal-source.ts'
import { storable } from './storable.ts'
import type { Worker } from './worker.ts'
import type { OutputOf, SignalInputOf, SignalNameOf, WorkflowType } from './workflow-type.ts'

/** What the handle of a run works with. */
export interface StoredRunParts {
  readonly storage: Storage
  readonly settings: EngineSettings
  readonly worker: Worker
  readonly signals: SignalSources
}

/** The handle of a run: acts on the run in this process where it is executed here, and on its document otherwise. */
export class StoredRun<W extends WorkflowType> implements RunHandle<W> {
  readonly id: string
  readonly workflow: string
  readonly #parts: StoredRunParts

  constructor(parts: StoredRunParts, { workflow, id }: RunName) {
    this.#parts = parts
    this.workflow = workflow
    this.id = id
  }

  async result({ signal }: { readonly signal?: AbortSignal } = {}): Promise<OutputOf<W>> {
    const value = await this.end(signal)
    // It is what the workflow's function came to, in the version that the run began with.
    if (value.state === 'completed') return value.output as OutputOf<W>
    const { state, failure, problem } = value
    const reason = state === 'stuck' || state === 'compensation-failed' ? problem : failure
    throw new RunFailedError(this, state as RunFailedError['state'], reason ?? { name: 'Error', message: 'it has no reason' })
  }

  async status(): Promise<RunStatus> {
    return statusOf(await this.#document(), this.#parts.settings.clock.now())
  }

  async steps(): Promise<readonly StepStatus[]> {
    const document = await this.#document()
    return stepsOf([...(await readPages(this.#parts.storage.state, document)), ...document.value.tail], document.value)
  }

  async signal<Name extends SignalNameOf<W>>(name: Name, data: SignalInputOf<W, Name>, { key }: SignalOptions = {}): Promise<void> {
    const { signals, settings } = this.#parts
    const source = signals[name]
    if (source === undefined)
      throw new WorkflowError(
        'TUTTI_SIGNAL_UNKNOWN',
        `The workflow ${this.workflow} has no signal ${JSON.stringify(name)}; it has: ${Object.keys(signals).join(', ') || 'none'}.`,
        { status: 404 },
      )
    const { value, size } = storable(await validated(schemaOf(source), data), `The signal ${name}`, settings.payload)
    const item = { id: newId(), kind: 'signal', name, data: value, size, at: settings.clock.now() } as const
    await this.#send(key === undefined ? item : { ...item, key })
  }

  /** Puts something into the run's inbox. */
  async #send(item: InboxItem): Promise<void> {
    const { storage, settings, worker } = this.#parts
    // Within a transaction it is sent with that, or not at all.
    if (storage.running === undefined) {
      const sent = await worker.find(runKey(this.workflow, this.id))?.deliver(item)
      if (sent === 'done') return
      if (sent === 'full') throw this.#full()
    }
    const { clock } = settings
    await this.#change((document) => {
      const { value } = document
      if (hasEnded(value.state)) throw runEnded(this.id, value.state, 'it takes no signals any more.')
      const next = withItem(value, item)
      if (next === undefined) throw this.#full()
      return next === value ? undefined : { value: next, due: dueAfterMail(document, clock.now()) }
    })
  }

  async cancel(reason = 'nobody said why'): Promise<boolean> {
    const { storage, settings, worker } = this.#parts
    if (storage.running === undefined && (await worker.find(runKey(this.workflow, this.id))?.cancel(reason)) === 'done') return true
    const { clock } = settings
    const changed = await this.#change((document) => {
      const { value } = document
      if (hasEnded(value.state) || value.cancel !== undefined) return undefined
      const next: RunValue = { ...value, cancel: { reason, at: clock.now() } }
      // A run that is stuck is tried once more.
      const stuck = value.state === 'stuck' ? retried(next, []) : undefined
      if (stuck !== undefined) return { ...stuck, due: clock.now() }
      return { value: next, due: value.state === 'queued' ? clock.now() : dueAfterMail(document, clock.now()) }
    })
    return changed || !hasEnded((await this.#document()).value.state)
  }

  async retry(): Promise<void> {
    const { storage, settings } = this.#parts
    await this.#change(async (document) => {
      const { value } = document
      const pages = await readPages(storage.state, document)
      const next = retried(value, [...pages, ...value.tail])
      if (next === undefined) throw runEnded(this.id, value.state, 'only what has failed or is stuck can be retried.')
      return { ...next, due: settings.clock.now() }
    })
  }

  async #change(make: Parameters<typeof changeRun>[2]): Promise<boolean> {
    const { storage, settings, worker } = this.#parts
    const changed = await changeRun({ storage, clock: settings.clock }, this, make)
    if (changed === undefined) return false
    // It may be executed here by now, or may be due for this process.
    const look = (): void => {
      worker.find(changed.before.key)?.refresh()
      worker.look()
    }
    if (storage.running === undefined) look()
    else storage.running.onCommit(look)
    return true
  }

  /** Waits until the run has ended: is told so where it is executed here, and looks now and then otherwise. */
  async end(signal: AbortSignal | undefined): Promise<RunValue> {
    const { worker, settings } = this.#parts
    const key = runKey(this.workflow, this.id)
    for (let delay = 10; ; delay = Math.min(settings.poll, delay * 2)) {
      signal?.throwIfAborted()
      const { promise, resolve } = Promise.withResolvers<RunValue | undefined>()
      using _listener = worker.onEnd(key, resolve)
      const here = worker.isHere(key)
      if (!here) {
        const { value } = await this.#document()
        if (hasEnded(value.state) || value.state === 'stuck') return value
      }
      const timer = settings.clock.setTimeout(() => resolve(undefined), here ? settings.lease : delay)
      const onAbort = (): void => resolve(undefined)
      signal?.addEventListener('abort', onAbort, { once: true })
      const value = await promise
      timer.cancel()
      signal?.removeEventListener('abort', onAbort)
      if (value !== undefined) return value
      if (here) delay = 5
    }
  }

  async #document(): Promise<RunDocument> {
    const found = await this.#parts.storage.state.get<RunValue>(runKey(this.workflow, this.id))
    if (found === undefined) throw runUnknown(this.workflow, this.id)
    return found
  }

  #full(): WorkflowError {
    return new WorkflowError(
      'TUTTI_RUN_LIMIT',
      `The run ${JSON.stringify(this.id)} has not taken the signals before; send this one later.`,
      {
        status: 429,
      },
    )
  }
}
