export { openTelemetry } from './open-telemetry.ts'
export type { OpenTelemetryOptions, Protocol, TlsOptions } from './options.ts'
