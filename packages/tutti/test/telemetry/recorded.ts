import type { SpanRecord, TelemetryExport } from '../../src/observe/index.ts'

/** Takes the spans of an application, as an exporter does. */
export class RecordedSpans implements TelemetryExport {
  readonly all: SpanRecord[] = []

  open(): ReturnType<TelemetryExport['open']> {
    return Promise.resolve({
      spans: (spans) => void this.all.push(...spans),
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
    })
  }

  get names(): string[] {
    return this.all.map(({ name }) => name)
  }

  /** The one span of that name, or of which the test says so. */
  one(which: string | ((span: SpanRecord) => boolean)): SpanRecord {
    const found = this.all.filter((span) => (typeof which === 'string' ? span.name === which : which(span)))
    if (found.length === 1) return found[0] as SpanRecord
    throw new Error(`${found.length} spans fit; there are: ${this.names.join(', ')}`)
  }
}
