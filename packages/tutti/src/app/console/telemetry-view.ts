import { httpError, type HttpContext } from '../../http/index.ts'
import type { Logger, LogLevel, LogThreshold } from '../../observe/index.ts'
import type { TelemetryStore } from '../../telemetry/index.ts'
import type { Telemetry } from '../telemetry.ts'
import { badInput, limitOf, notFound, numberOf, textOf, timeOf } from './asked.ts'
import type { ConsoleLog, ConsoleLogLevels, ConsoleSeries, ConsoleTrace, ConsoleTraceDetail, Page } from './contract.ts'
import { neededIn, textIn, type Input } from './input.ts'

/** What is kept of telemetry. Throws 404 where nothing is. */
export function storeOf({ store }: Telemetry): TelemetryStore {
  if (store !== undefined) return store
  throw httpError(404, 'NO_TELEMETRY', 'The application keeps no telemetry of its own; see new App({ telemetry: { store } }).')
}

/** Traces that fit, newest first. */
export function traceList(ctx: HttpContext, store: TelemetryStore): Page<ConsoleTrace> {
  const status = textOf(ctx, 'status')
  if (status !== undefined && status !== 'ok' && status !== 'error')
    throw badInput(`The status is ${JSON.stringify(status)}; wanted "ok" or "error".`)
  return store.traces(
    given({
      text: textOf(ctx, 'text'),
      status,
      min: numberOf(ctx, 'min'),
      name: textOf(ctx, 'name'),
      ...rangeOf(ctx),
    }),
  )
}

/** A trace with what was logged in it. Throws 404 where nothing is known of it. */
export function traceDetail(store: TelemetryStore, traceId: string): ConsoleTraceDetail {
  const trace = store.trace(traceId)
  if (trace === undefined) throw notFound(`The trace ${JSON.stringify(traceId)}`)
  return trace
}

/** Log lines that fit, newest first. */
export function logList(ctx: HttpContext, store: TelemetryStore): Page<ConsoleLog> {
  return store.logs(
    given({
      level: levelOf(textOf(ctx, 'level')),
      text: textOf(ctx, 'text'),
      component: textOf(ctx, 'component'),
      traceId: textOf(ctx, 'traceId'),
      ...rangeOf(ctx),
    }),
  )
}

/** How an instrument went. */
export function seriesOf(ctx: HttpContext, store: TelemetryStore): ConsoleSeries {
  const name = textOf(ctx, 'name')
  if (name === undefined) throw badInput('The parameter name is missing; wanted the name of an instrument.')
  return store.series({ name, ...given({ from: timeOf(ctx, 'from'), to: timeOf(ctx, 'to'), step: numberOf(ctx, 'step') }) })
}

/** Which lines are written. */
export function logLevels({ level, levels = {} }: Logger): ConsoleLogLevels {
  return { level, components: levels }
}

/** Changes which lines are written, in this process. */
export function changeLogLevel(log: Logger, body: Input): ConsoleLogLevels {
  log.setLevel(thresholdOf(neededIn(body, 'level')), textIn(body, 'component'))
  return logLevels(log)
}

function rangeOf(ctx: HttpContext): {
  readonly from: number | undefined
  readonly to: number | undefined
  readonly after: string | undefined
  readonly limit: number
} {
  return { from: timeOf(ctx, 'from'), to: timeOf(ctx, 'to'), after: textOf(ctx, 'after'), limit: limitOf(ctx) }
}

/** What was asked for, without what was not. */
function given<T extends object>(asked: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  // Members that are undefined are left out, so those that are there are not.
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as {
    readonly [K in keyof T]?: Exclude<T[K], undefined>
  }
}

const levels: ReadonlySet<string> = new Set<LogLevel>(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])

function levelOf(level: string | undefined): LogLevel | undefined {
  if (level === undefined || isLevel(level)) return level
  throw badInput(`The level is ${JSON.stringify(level)}; wanted one of ${[...levels].join(', ')}.`)
}

function thresholdOf(level: string): LogThreshold {
  return level === 'silent' ? level : (levelOf(level) ?? 'info')
}

function isLevel(level: string): level is LogLevel {
  return levels.has(level)
}
