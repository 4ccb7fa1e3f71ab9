import { MessageError } from './errors.ts'
import type { EventDefinition } from './event.ts'

/**
 * An event's data in the shape of its definition's version. Throws `TUTTI_EVENT_DOWNCAST` for data of a later version than this process
 * knows, and `TUTTI_EVENT_UPCAST_FAILED` where an upcast throws.
 */
export function upcastData(
  type: string,
  definition: EventDefinition,
  { version, data }: { readonly version: number; readonly data: unknown },
): unknown {
  if (version === definition.version) return data
  if (version > definition.version) {
    throw new MessageError(
      'TUTTI_EVENT_DOWNCAST',
      `An event ${type} of version ${version} was read by a process that knows version ${definition.version} at most; deploy the newer definition before anything writes it.`,
    )
  }
  let current = data
  for (let from = version; from < definition.version; from++) {
    // The definition has checked that none is missing.
    const upcast = definition.upcast[from] as ((data: unknown) => unknown) | undefined
    if (upcast === undefined)
      throw new MessageError(
        'TUTTI_EVENT_UPCAST_GAP',
        `There is no upcast of ${type} from version ${from}; define upcast: { ${from}: (old) => … }.`,
      )
    try {
      current = upcast(current)
    } catch (cause) {
      throw new MessageError(
        'TUTTI_EVENT_UPCAST_FAILED',
        `The upcast of ${type} from version ${from} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      )
    }
  }
  return current
}
