import {
  AggregationTemporality,
  DataPointType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics'
import type { Labels, MetricSnapshot, ValueSeries } from 'tutti/telemetry'
import { ValueType, type HrTime } from './api.ts'
import { Deltas } from './deltas.ts'
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
  /** Whether values count from the start of the process, or from the last ones on. */
  readonly temporality: 'cumulative' | 'delta'
  /** All metrics with their values now. */
  readonly collect: () => readonly MetricSnapshot[]
}

/** Sends the values of all metrics at an interval, by the SDK's reader. */
export class MetricPipe implements Pipe {
  readonly #provider: MeterProvider

  constructor({ exporter, resource, interval, temporality, collect }: MetricPipeParts) {
    const read = temporality === 'delta' ? deltaReader() : cumulativeReader()
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: interval,
      exportTimeoutMillis: interval,
      metricProducers: [
        { collect: () => Promise.resolve({ resourceMetrics: { resource, scopeMetrics: scopeMetrics(read(collect())) }, errors: [] }) },
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

/** Values, and from when to when they count. */
interface Reading {
  readonly metrics: readonly MetricSnapshot[]
  readonly startTime: HrTime
  readonly endTime: HrTime
  readonly aggregationTemporality: AggregationTemporality
}

type Read = (snapshots: readonly MetricSnapshot[]) => Reading

function cumulativeReader(): Read {
  const startTime = hrTime(performance.timeOrigin)
  const aggregationTemporality = AggregationTemporality.CUMULATIVE
  return (metrics) => ({ metrics, startTime, endTime: hrTime(Date.now()), aggregationTemporality })
}

function deltaReader(): Read {
  const deltas = new Deltas()
  const aggregationTemporality = AggregationTemporality.DELTA
  let endTime = hrTime(performance.timeOrigin)
  return (snapshots) => {
    const startTime = endTime
    endTime = hrTime(Date.now())
    return { metrics: deltas.since(snapshots), startTime, endTime, aggregationTemporality }
  }
}

function scopeMetrics(reading: Reading): ScopeMetrics[] {
  const filled = reading.metrics.filter(({ series }) => series.length > 0)
  return Array.from(
    Map.groupBy(filled, ({ meter }) => meter),
    ([meter, metrics]) => ({ scope: scope(meter), metrics: metrics.map((metric) => metricData(metric, reading)) }),
  )
}

function metricData(metric: MetricSnapshot, { startTime, endTime, aggregationTemporality }: Reading): MetricData {
  const { name, description = '', unit = '' } = metric
  const basics = { descriptor: { name, description, unit, valueType: ValueType.DOUBLE }, aggregationTemporality }
  const point = <Value>(labels: Labels, value: Value) => ({ startTime, endTime, attributes: { ...labels }, value })
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
