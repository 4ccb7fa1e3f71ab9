import { BatchLogRecordProcessor, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { LogRecord } from 'tutti/telemetry'
import { isSpanContextValid, ROOT_CONTEXT, SeverityNumber, trace, TraceFlags, type Attributes, type Context } from './api.ts'
import type { OtlpExporter } from './exporter.ts'
import type { Intake, Pipe } from './intake.ts'
import type { Resource } from './resource.ts'

export type { ReadableLogRecord }

/** What log lines go through. Durations are in milliseconds. */
export interface LogPipeParts {
  readonly exporter: OtlpExporter<ReadableLogRecord[]>
  readonly intake: Intake
  readonly resource: Resource
  readonly gathering: { readonly delay: number; readonly batch: number; readonly queue: number }
  /** The most that the export of a batch can take. */
  readonly longestExport: number
}

type Emitter = ReturnType<LoggerProvider['getLogger']>

/** Components that log lines are told apart by. */
const mostComponents = 200

const severities: Readonly<Record<LogRecord['level'], SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
}

/** Gathers log lines by the SDK's processor. */
export class LogPipe implements Pipe {
  readonly #exporter: LogPipeParts['exporter']
  readonly #intake: Intake
  readonly #provider: LoggerProvider
  readonly #emitters = new Map<string, Emitter>()

  constructor({ exporter, intake, resource, gathering, longestExport }: LogPipeParts) {
    this.#exporter = exporter
    this.#intake = intake
    const processor = new BatchLogRecordProcessor({
      exporter,
      maxQueueSize: gathering.queue,
      maxExportBatchSize: gathering.batch,
      scheduledDelayMillis: gathering.delay,
      exportTimeoutMillis: longestExport,
    })
    this.#provider = new LoggerProvider({ resource, processors: [processor] })
  }

  take({ time, level, message, fields }: LogRecord): void {
    if (!this.#intake.admits(this.#exporter.taken)) return
    const { error, component, ...rest } = fields
    const { context, attributes } = placed(rest)
    this.#emitter(typeof component === 'string' ? component : 'tutti').emit({
      timestamp: time,
      severityNumber: severities[level],
      severityText: level,
      body: message,
      attributes: { ...attributes, ...errorAttributes(error) },
      context,
    })
  }

  /** Components are OpenTelemetry's scopes. They are as many as the code names, but nobody may fill the memory with them. */
  #emitter(component: string): Emitter {
    const name = this.#emitters.size < mostComponents || this.#emitters.has(component) ? component : 'tutti'
    const found = this.#emitters.get(name)
    if (found !== undefined) return found
    const emitter = this.#provider.getLogger(name)
    this.#emitters.set(name, emitter)
    return emitter
  }

  async flush(): Promise<void> {
    await this.#provider.forceFlush()
    await this.#exporter.forceFlush()
  }

  close(): Promise<void> {
    return this.#provider.shutdown()
  }
}

/** The place in a trace that the fields of a line tell, and what is left of them. */
function placed(fields: LogRecord['fields']): { readonly context: Context; readonly attributes: Attributes } {
  const { traceId, spanId, ...attributes } = fields
  if (typeof traceId !== 'string' || typeof spanId !== 'string') return { context: ROOT_CONTEXT, attributes: fields }
  const spanContext = { traceId, spanId, traceFlags: TraceFlags.NONE }
  if (!isSpanContextValid(spanContext)) return { context: ROOT_CONTEXT, attributes: fields }
  return { context: trace.setSpanContext(ROOT_CONTEXT, spanContext), attributes }
}

/** An error by OpenTelemetry's conventions; what these have no names for stays below `error`. */
function errorAttributes(error: LogRecord['fields'][string] | undefined): Attributes {
  if (error === undefined) return {}
  if (typeof error !== 'object' || error === null || !('message' in error)) return { error }
  const { name, message, stack, ...rest } = error
  return {
    ...(name !== undefined && { 'exception.type': name }),
    'exception.message': message,
    ...(stack !== undefined && { 'exception.stacktrace': stack }),
    ...(Object.keys(rest).length > 0 && { error: rest }),
  }
}
