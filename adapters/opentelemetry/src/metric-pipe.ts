import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import type { MetricSnapshot, ValueSeries } from 'tutti/telemetry'
import { ValueType, type HrTime } from './api.ts'
import type { OtlpExporter } from './exporter.ts'
import type { Pipe } from './intake.ts'
import type { Resource } from './resource.ts'
import { scope } from './scope.ts'
import { hrTime } from './time.ts'

export type { ResourceMetrics }

/** What metrics go through. Durations are in milliseconds. */
export interface MetricPipeParts {
  readonly exporter: OtlpExporter<ResourceMetrics>
  readonly resource: Resource
  readonly interval: number
  /** All metrics with their values now. */
  readonly collect: () => readonly MetricSnapshot[]
}

/** Sends the values of all metrics at an interval, by the SDK's reader. */
export class MetricPipe implements Pipe {
  readonly #provider: MeterProvider

  constructor({ exporter, resource, interval, collect }: MetricPipeParts) {
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: interval,
      exportTimeoutMillis: interval,
      metricProducers: [
        { collect: () => Promise.resolve({ resourceMetrics: { resource, scopeMetrics: scopeMetrics(collect()) }, errors: [] }) },
      ],
    })
    this.#provider = new MeterProvider({ resource, readers: [reader] })
  }

  flush(): Promise<void> {
    return this.#provider.forceFlush()
  }

  close(): Promise<void> {
    return this.#provider.shutdown()
  }
}

/** How many values a request holds. */
export function countPoints({ scopeMetrics: scopes }: ResourceMetrics): number {
  return scopes.reduce((sum, { metrics }) => metrics.reduce((points, { dataPoints }) => points + dataPoints.length, sum), 0)
}

/** Sums count from the start of the process. */
const start = hrTime(performance.timeOrigin)

function scopeMetrics(snapshots: readonly MetricSnapshot[]): ScopeMetrics[] {
  const now = hrTime(Date.now())
  const filled = snapshots.filter(({ series }) => series.length > 0)
  return Array.from(
    Map.groupBy(filled, ({ meter }) => meter),
    ([meter, metrics]) => ({ scope: scope(meter), metrics: metrics.map((metric) => metricData(metric, now)) }),
  )
}

function metricData(metric: MetricSnapshot, endTime: HrTime): MetricData {
  const { name, description = '', unit = '' } = metric
  const basics = {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const point = <Value>(attributes: MetricSnapshot['series'][number]['labels'], value: Value) => ({
    startTime: start,
    endTime,
    attributes: { ...attributes },
    value,
  })
  switch (metric.kind) {
    case 'counter': {
      const dataPoints = finite(metric.series).map(({ labels, value }) => point(labels, value))
      return { ...basics, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    }
    case 'gauge': {
      const dataPoints = finite(metric.series).map(({ labels, value }) => point(labels, value))
      return { ...basics, dataPointType: DataPointType.GAUGE, dataPoints }
    }
    case 'histogram': {
      const boundaries = [...metric.buckets]
      const dataPoints = metric.series.map(({ labels, counts, sum, count }) =>
        point(labels, { buckets: { boundaries, counts: [...counts] }, sum, count }),
      )
      return { ...basics, dataPointType: DataPointType.HISTOGRAM, dataPoints }
    }
  }
}

/** JSON has no other numbers, and nobody can count with them. */
function finite(series: readonly ValueSeries[]): readonly ValueSeries[] {
  return series.filter(({ value }) => Number.isFinite(value))
}
