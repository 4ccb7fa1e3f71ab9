import { bytes, milliseconds } from '../kernel/index.ts'
import type { TelemetrySource } from '../observe/index.ts'
import { openTelemetryStore, type TelemetryStore } from '../telemetry/index.ts'
import type { TelemetryStoreChoice } from './telemetry-options.ts'

/** Opens the store that an application asks for, by default in a file beside that of its events. */
export function openStoreOf(choice: TelemetryStoreChoice, source: TelemetrySource): Promise<TelemetryStore> {
  const { path = `.tutti/${source.name}.telemetry.db`, maxAge, maxSize } = choice
  const bounds = {
    ...(maxAge !== undefined && { maxAge: milliseconds(maxAge) }),
    ...(maxSize !== undefined && { maxSize: bytes(maxSize) }),
  }
  return openTelemetryStore({ path, ...bounds }, source)
}
