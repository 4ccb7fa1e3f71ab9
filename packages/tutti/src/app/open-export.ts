import type { TelemetryExport, TelemetrySink, TelemetrySource } from '../observe/index.ts'
import { openAdapter } from './open-adapter.ts'

const adapter = { package: '@tutti/opentelemetry', factory: 'openTelemetry' }

/** Opens the exporter that was chosen, or that the environment asks for; `undefined` where there is none. */
export async function openExport(
  choice: string | TelemetryExport | undefined,
  source: TelemetrySource,
): Promise<TelemetrySink | undefined> {
  if (typeof choice === 'object') return choice.open(source)
  if (choice !== undefined) return (await openAdapter<TelemetryExport>('telemetry export', adapter, { url: choice })).open(source)
  try {
    // Without a URL the adapter goes by the environment.
    return await (await openAdapter<TelemetryExport>('telemetry export', adapter, {})).open(source)
  } catch (error) {
    // Whoever runs the application has set the variable, perhaps for all applications there are: no reason not to start.
    source.report('OTEL_EXPORTER_OTLP_ENDPOINT is set, but nothing can be sent there.', error)
    return undefined
  }
}
