export { prometheusText, type MetricsFormat } from './prometheus/text.ts'
export { measureProcess } from './process/process-metrics.ts'
