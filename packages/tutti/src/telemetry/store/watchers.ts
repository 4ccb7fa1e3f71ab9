import type { SpanRecord } from '../../observe/index.ts'
import type { StoredLog, TelemetryWatcher } from './telemetry-store.ts'

/** Who is told what was written. */
export class Watchers {
  readonly #watchers = new Set<TelemetryWatcher>()

  add(watcher: TelemetryWatcher): Disposable {
    // The same one may be given twice, and each must be ended on its own.
    const own: TelemetryWatcher = { spans: (spans) => watcher.spans?.(spans), logs: (logs) => watcher.logs?.(logs) }
    this.#watchers.add(own)
    return { [Symbol.dispose]: () => void this.#watchers.delete(own) }
  }

  tell(spans: readonly SpanRecord[], logs: readonly StoredLog[]): void {
    for (const watcher of this.#watchers) {
      if (spans.length > 0) watcher.spans?.(spans)
      if (logs.length > 0) watcher.logs?.(logs)
    }
  }
}
