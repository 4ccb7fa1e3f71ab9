import { DocumentConflictError, type Storage } from '../storage/index.ts'
import type { ConsumerName } from './dead-letters.ts'

/** What holds for the consumers of a group in all processes. */
export interface Control {
  readonly paused: boolean
  /** How often dead letters were to be handled again: whoever sees it grow looks for them. */
  readonly replays: number
}

const initial: Control = { paused: false, replays: 0 }

/** The key of the document that says what holds. */
function controlKey({ topic, group }: ConsumerName): string {
  return `consumers/${topic}/${group}`
}

/** What holds for each of several consumers. */
export async function readControls({ state }: Pick<Storage, 'state'>, names: readonly ConsumerName[]): Promise<readonly Control[]> {
  const documents = await state.getMany<Control>(names.map(controlKey))
  return documents.map((document) => document?.value ?? initial)
}

/** Changes what holds, whoever else changes it at the same moment. */
export async function updateControl(
  { state }: Pick<Storage, 'state'>,
  name: ConsumerName,
  change: (control: Control) => Control,
): Promise<void> {
  for (;;) {
    const document = await state.get<Control>(controlKey(name))
    const before = document?.value ?? initial
    const after = change(before)
    if (after === before) return
    try {
      await state.put(controlKey(name), after, { ifVersion: document?.version ?? 0 })
      return
    } catch (error) {
      if (!(error instanceof DocumentConflictError)) throw error
    }
  }
}
