import { defaultRegistry, type MetricSnapshot } from '../observe/index.ts'
import { measureProcess } from '../telemetry/index.ts'

/** The metrics of this process, which is measured from now on. */
export function ownMetrics(): readonly MetricSnapshot[] {
  measureProcess()
  return defaultRegistry.collect()
}
