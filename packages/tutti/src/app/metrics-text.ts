import { prometheusText, type MetricsFormat } from '../telemetry/index.ts'
import { ownMetrics } from './own-metrics.ts'
import { metricsOfAllWorkers } from './worker.ts'

/** All metrics as text: those of this process, or of all workers where this is one of them. */
export async function metricsText(format: MetricsFormat): Promise<string> {
  return prometheusText((await metricsOfAllWorkers()) ?? ownMetrics(), format)
}
