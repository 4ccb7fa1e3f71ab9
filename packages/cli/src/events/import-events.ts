import type { Context, Storage } from 'tutti/storage'
import { CommandError } from '../command-error.ts'
import type { Progress } from '../progress.ts'
import { eventOf, readLine, type EventLine } from './event-line.ts'

/** Nobody gives an import up in the middle of a batch. */
const never = new AbortController().signal

/** So many events are one transaction. */
const batchSize = 500

/** What an import did. */
export interface ImportReport {
  /** Events that were appended, or would be. */
  readonly imported: number
  /** Events that were there already. */
  readonly skipped: number
}

/** How events are imported. */
export interface ImportOptions {
  readonly dryRun: boolean
  readonly progress: Progress
}

/**
 * Appends events in their order, each at the version that it had. What was imported before is left out, so that an import that was
 * interrupted can be done again. Throws a `CommandError` where a stream holds something else.
 */
export async function importEvents(
  lines: AsyncIterable<string>,
  storage: Storage,
  { dryRun, progress }: ImportOptions,
): Promise<ImportReport> {
  let [imported, skipped, number] = [0, 0, 0]
  let batch: EventLine[] = []
  const flush = async (): Promise<void> => {
    const appended = dryRun ? await countNew(batch, storage) : await appendAll(batch, storage)
    imported += appended
    skipped += batch.length - appended
    progress.update(imported + skipped)
    batch = []
  }
  for await (const text of lines) {
    number++
    if (text.trim() === '') continue
    batch.push(readLine(text, number))
    if (batch.length === batchSize) await flush()
  }
  await flush()
  return { imported, skipped }
}

async function appendAll(batch: readonly EventLine[], storage: Storage): Promise<number> {
  const { decode, encode, runInContext } = await import('tutti/storage')
  return storage.transaction(async (tx) => {
    let count = 0
    for (const line of batch) {
      const append = (): Promise<{ readonly duplicate: boolean }> =>
        tx.events.append(line.stream, [eventOf(line, { decode, encode })], { expected: line.streamVersion - 1, key: keyOf(line) })
      const context = contextOf(line)
      try {
        const { duplicate } = await (context === undefined ? append() : runInContext(context, append, undefined))
        if (!duplicate) count++
      } catch (cause) {
        throw new CommandError(
          `The event ${line.id} cannot be appended to ${line.stream} as version ${line.streamVersion}; nothing of its batch was imported.`,
          { cause },
        )
      }
    }
    return count
  })
}

async function countNew(batch: readonly EventLine[], storage: Storage): Promise<number> {
  let count = 0
  for (const line of batch) if ((await storage.events.answered(line.stream, keyOf(line))) === undefined) count++
  return count
}

function keyOf({ id }: EventLine): string {
  return `import:${id}`
}

/** In what the event happened; the time is that of the import. */
function contextOf({ correlationId, causationId, tenant, actor, id }: EventLine): Context | undefined {
  if (correlationId === undefined && tenant === undefined && actor === undefined) return undefined
  return {
    correlationId: correlationId ?? id,
    causationId,
    tenant,
    actor,
    trace: undefined,
    deadline: undefined,
    signal: never,
  }
}
