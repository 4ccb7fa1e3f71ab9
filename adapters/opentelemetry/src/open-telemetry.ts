import type { TelemetryExport } from 'tutti/telemetry'
import type { OpenTelemetryOptions } from './options.ts'
import { settle } from './settings.ts'

/**
 * Sends an application's traces, metrics and logs to an OpenTelemetry collector, or to whatever takes OTLP:
 * `new App({ telemetry: { export: openTelemetry({ url }) } })`. OpenTelemetry's SDK is loaded when the application starts.
 * Throws `TUTTI_OPTION_INVALID` for options, and variables of the environment, that cannot be meant.
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): TelemetryExport {
  const settings = settle(options)
  return {
    open: async (source) => {
      const { openSink } = await import('./sink.ts')
      return openSink(source, settings)
    },
  }
}
