import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MetricSnapshot, SpanRecord, TelemetrySource } from '../../../src/observe/index.ts'
import { newSpanId, newTraceId } from '../../../src/observe/index.ts'

/** What a store is opened with: metrics that a test sets, and what was reported. */
export interface TestSource extends TelemetrySource {
  snapshots: readonly MetricSnapshot[]
  readonly reports: string[]
}

export function testSource(): TestSource {
  const source: TestSource = {
    name: 'test',
    snapshots: [],
    reports: [],
    metrics: () => source.snapshots,
    report: (message) => void source.reports.push(message),
  }
  return source
}

export async function temporaryFolder(): Promise<AsyncDisposable & { file(name: string): string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-telemetry-'))
  return { file: (name) => join(folder, name), [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}

export function span(changes: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: newTraceId(),
    spanId: newSpanId(),
    parentId: undefined,
    state: undefined,
    flags: 1,
    name: 'GET /orders/:id',
    kind: 'server',
    scope: 'tutti.http',
    start: Date.now(),
    duration: 5,
    status: 'unset',
    statusMessage: undefined,
    attributes: {},
    events: [],
    links: [],
    ...changes,
  }
}
