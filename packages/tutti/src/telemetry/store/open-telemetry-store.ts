import type { TelemetrySource } from '../../observe/index.ts'
import type { TelemetryStore, TelemetryStoreOptions } from './telemetry-store.ts'

/** Opens the store in its file; one that cannot be read is begun anew. */
export async function openTelemetryStore(options: TelemetryStoreOptions, source: TelemetrySource): Promise<TelemetryStore> {
  const { SqliteTelemetryStore } = await import('./sqlite-telemetry-store.ts')
  return new SqliteTelemetryStore(options, source)
}
