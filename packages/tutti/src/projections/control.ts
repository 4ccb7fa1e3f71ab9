import { TuttiError } from '../kernel/index.ts'
import { DocumentConflictError, type Storage } from '../storage/index.ts'
import type { Build } from './build.ts'

/** Why a projection handles nothing until somebody resumes it. */
export interface StoppedBy {
  readonly eventId: string
  readonly position: number
  readonly message: string
}

/** What all processes know and obey about a projection or subscription: the document `projections/<name>`. */
export interface Control {
  /** One more with each change, so that of two the later one is known. */
  readonly revision: number
  readonly kind: 'projection' | 'subscription'
  /** The id of the build that is read from. */
  readonly live: string
  /** The id of the build whose side effects are done: the live one, or that which is about to be. */
  readonly active: string
  /** Oldest first. */
  readonly builds: readonly Build[]
  readonly paused: boolean
  readonly stopped?: StoppedBy
}

/** The key of a control document. */
export function controlKey(name: string): string {
  return `projections/${name}`
}

/** Changes a control document in a transaction of its own; `change` gives `undefined` where nothing is to be changed, and may be called again. */
export async function updateControl(
  storage: Storage,
  name: string,
  change: (before: Control | undefined) => Promise<Control | undefined> | Control | undefined,
): Promise<Control | undefined> {
  for (;;) {
    try {
      return await storage.transaction(async (tx) => {
        const found = await tx.state.get<Control>(controlKey(name))
        const changed = await change(found?.value)
        if (changed === undefined) return found?.value
        const after = { ...changed, revision: (found?.value.revision ?? 0) + 1 }
        await tx.state.put(controlKey(name), after, { ifVersion: found?.version ?? 0 })
        return after
      })
    } catch (error) {
      // Somebody else has changed it or is about to, or has moved a checkpoint that was to be taken over.
      if (!(error instanceof DocumentConflictError || isContention(error))) throw error
    }
  }
}

/** Whether the storage has ended a transaction in favour of others: it has waited for them already. */
export function isContention(error: unknown): boolean {
  return error instanceof TuttiError && error.code === 'TUTTI_STORAGE_CONTENTION'
}

/** A build of a control document. */
export function findBuild(control: Control, id: string): Build | undefined {
  return control.builds.find((build) => build.id === id)
}

/** The newest build of all. */
export function newestBuild({ builds }: Control): Build | undefined {
  return builds.at(-1)
}
