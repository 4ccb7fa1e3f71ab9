export { prometheusText, type MetricsFormat } from './prometheus/text.ts'
