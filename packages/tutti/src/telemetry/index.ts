export { prometheusText, type MetricsFormat } from './prometheus/text.ts'
export { measureProcess } from './process/process-metrics.ts'
export { openTelemetryStore } from './store/open-telemetry-store.ts'
export type { TelemetryStore } from './store/telemetry-store.ts'
