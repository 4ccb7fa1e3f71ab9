import { BatchSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanRecord } from 'tutti/telemetry'
import type { OtlpExporter } from './exporter.ts'
import type { Intake, Pipe } from './intake.ts'

export type { ReadableSpan }

/** What spans go through. Durations are in milliseconds. */
export interface SpanPipeParts {
  readonly exporter: OtlpExporter<ReadableSpan[]>
  readonly intake: Intake
  readonly convert: (span: SpanRecord) => ReadableSpan
  readonly gathering: { readonly delay: number; readonly batch: number; readonly queue: number }
  /** The most that the export of a batch can take. */
  readonly longestExport: number
}

/** Gathers spans by the SDK's processor. */
export class SpanPipe implements Pipe {
  readonly #parts: SpanPipeParts
  readonly #processor: BatchSpanProcessor

  constructor(parts: SpanPipeParts) {
    this.#parts = parts
    const { exporter, gathering, longestExport } = parts
    this.#processor = new BatchSpanProcessor({
      exporter,
      maxQueueSize: gathering.queue,
      maxExportBatchSize: gathering.batch,
      scheduledDelayMillis: gathering.delay,
      exportTimeoutMillis: longestExport,
    })
  }

  take(spans: readonly SpanRecord[]): void {
    const { exporter, intake, convert } = this.#parts
    for (const span of spans) if (intake.admits(exporter.taken)) this.#processor.onEnd(convert(span))
  }

  async flush(): Promise<void> {
    await this.#processor.forceFlush()
    // The processor does not wait for what it handed over before.
    await this.#parts.exporter.forceFlush()
  }

  close(): Promise<void> {
    return this.#processor.shutdown()
  }
}
