import type { Tracer } from '../observe/index.ts'

/** How requests are observed. */
export interface HttpTelemetry {
  readonly tracer: Tracer
  /** Paths without spans, those below them included. */
  readonly exclude: readonly string[]
}
