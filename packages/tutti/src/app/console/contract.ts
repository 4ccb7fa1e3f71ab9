import type { HealthReport } from '../../health/index.ts'
import type { LogLevel, LogRecord, MetricSnapshot, SpanRecord } from '../../observe/index.ts'
import type { ProjectionStatus } from '../../projections/index.ts'
import type { FiringRecord, Job, ScheduleStatus } from '../../schedule/index.ts'
import type { JsonSchema } from '../../schema/index.ts'
import type { RunState, RunStatus, SagaGraph, StepStatus } from '../../workflow/index.ts'
import type { ConsumerStatus } from '../../messaging/index.ts'
import type { AnyDeadLetter } from '../dead-letters.ts'

export { hashPassword } from './password.ts'

/**
 * What the Console's API answers, below `<console path>/api`. All of it is JSON; errors are problem documents (RFC 9457). What changes
 * something is POST with `content-type: application/json` and the header `x-tutti-console: 1`, from the same origin alone; it is refused
 * with 403 where the Console is read-only, and audited.
 */

/** A value as JSON carries it: dates as ISO 8601. */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer I)[]
    ? readonly Wire<I>[]
    : T extends object
      ? { readonly [K in keyof T]: Wire<T[K]> }
      : T

/** A part of a long list, newest first unless said otherwise. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Pass it as `after` to get the next part; `undefined` at the end. */
  readonly next: string | undefined
}

/** GET /app */
export interface ConsoleApp {
  readonly name: string
  readonly version: string
  readonly node: string
  readonly startedAt: string
  readonly environment: string
  readonly readonly: boolean
  /** Who looks at it; `undefined` in development. */
  readonly actor: string | undefined
  /** Which views have something to show. */
  readonly has: {
    readonly events: boolean
    readonly projections: boolean
    readonly messages: boolean
    readonly workflows: boolean
    readonly schedules: boolean
    readonly topics: boolean
    readonly telemetry: boolean
  }
  readonly modules: readonly string[]
}

/** GET /overview; also the topic `overview` of the stream, every second. */
export interface ConsoleOverview {
  readonly time: string
  readonly health: HealthReport
  /** The last minute. Rates are per second, times in milliseconds. */
  readonly http: { readonly rate: number; readonly errorRate: number; readonly p50: number; readonly p99: number; readonly active: number }
  readonly commands: { readonly rate: number; readonly rejected: number; readonly failed: number; readonly p99: number }
  readonly events: { readonly rate: number; readonly head: number }
  readonly projections: { readonly worst: string | undefined; readonly lag: number; readonly stopped: number }
  readonly runs: Readonly<Partial<Record<RunState, number>>>
  readonly deadLetters: number
  readonly process: {
    readonly memory: number
    readonly cpu: number
    /** The 99th percentile of the event loop's delay. */
    readonly loopDelay: number
    readonly uptime: number
  }
  /** One value a second for the last minutes, oldest first, for sparklines. */
  readonly history: Readonly<Record<'httpRate' | 'httpErrors' | 'httpP99' | 'eventRate' | 'lag' | 'memory', readonly number[]>>
}

/** GET /routes */
export interface ConsoleRoute {
  readonly method: string
  readonly path: string
  readonly module: string | undefined
  readonly tags: readonly string[]
  readonly summary: string | undefined
  readonly deprecated: boolean
  readonly guarded: boolean
  readonly params: JsonSchema | undefined
  readonly query: JsonSchema | undefined
  readonly headers: JsonSchema | undefined
  readonly body: JsonSchema | undefined
  readonly responses: Readonly<Record<string, JsonSchema | undefined>>
  /** Since the start of the process. */
  readonly calls: number
  readonly errors: number
}

/** GET /traces?text&status=error|ok&min=<ms>&name&from&to&after&limit */
export interface ConsoleTrace {
  readonly traceId: string
  /** The name of its first span. */
  readonly name: string
  readonly start: number
  readonly duration: number
  readonly spans: number
  readonly errors: number
}

/** GET /traces/:traceId */
export interface ConsoleTraceDetail {
  readonly traceId: string
  /** By start; those of linked traces are not among them: follow the links. */
  readonly spans: readonly SpanRecord[]
  readonly logs: readonly ConsoleLog[]
  /** Traces that link to this one. */
  readonly followedBy: readonly ConsoleTrace[]
}

/** GET /logs?level&text&component&traceId&from&to&after&limit, and the topic `logs` of the stream */
export interface ConsoleLog extends LogRecord {
  /** Names the line, in the order of writing. */
  readonly id: number
}

/** GET /log-levels, and POST /log-levels { component?, level } */
export interface ConsoleLogLevels {
  readonly level: LogLevel | 'silent'
  readonly components: Readonly<Record<string, LogLevel | 'silent'>>
}

/** GET /metrics: all instruments with their values now. */
export type ConsoleMetrics = readonly MetricSnapshot[]

/** GET /metrics/series?name&from&to&step=<s>: how an instrument went. Counters as rates per second, histograms as p50, p90, p99 and rate. */
export interface ConsoleSeries {
  readonly name: string
  readonly unit: string | undefined
  readonly times: readonly number[]
  readonly lines: readonly {
    readonly labels: Readonly<Record<string, string | number | boolean>>
    /** Which of the values of a histogram; `value` for others. */
    readonly of: 'value' | 'rate' | 'p50' | 'p90' | 'p99'
    readonly values: readonly (number | null)[]
  }[]
}

/**
 * GET /events?types=a,b&stream=<exact>&streams=<prefix>&tenant&correlation&from&to&before=<position>|after=<position>&limit: newest first
 * with `before`, oldest first with `after`; and the topic `events` of the stream.
 */
export interface ConsoleEvent {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly stream: string
  readonly streamVersion: number
  readonly position: number
  readonly time: string
  readonly tenant: string | undefined
  readonly actor: string | undefined
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  readonly traceId: string | undefined
  readonly data: unknown
  readonly metadata: unknown
}

/** GET /streams?prefix&after&limit */
export interface ConsoleStream {
  readonly stream: string
  readonly version: number
  readonly archived: boolean
}

/** GET /events/:position/graph: what led to an event, and what followed from it. */
export interface ConsoleEventGraph {
  readonly event: ConsoleEvent
  readonly nodes: readonly {
    readonly id: string
    readonly kind: 'request' | 'command' | 'event' | 'handler' | 'run' | 'message'
    readonly name: string
    readonly time: string | undefined
    /** The view that shows it, below the Console's path, such as `events/42`. */
    readonly view: string | undefined
  }[]
  readonly edges: readonly { readonly from: string; readonly to: string }[]
}

/** GET /aggregates */
export interface ConsoleAggregate {
  readonly name: string
  readonly module: string | undefined
  readonly events: readonly string[]
  readonly commands: readonly string[]
}

/** GET /aggregates/:name/:id?version: the state as it was; 404 where it does not exist. */
export interface ConsoleAggregateState {
  readonly stream: string
  readonly version: number
  readonly latest: number
  /** The first version that can be shown. */
  readonly first: number
  readonly state: unknown
  /** The event that led to this version. */
  readonly event: ConsoleEvent | undefined
}

/** What changes answer that have no other answer. */
export interface ConsoleDone {
  readonly done: true
  /** How many things were changed, where there may be several. */
  readonly count?: number
}

/** GET /projections; POST /projections/:name/pause, /resume, /reset, /rebuild */
export interface ConsoleProjection extends Wire<ProjectionStatus> {
  readonly mode: 'async' | 'inline' | 'memory' | undefined
  readonly types: readonly string[]
  /** The position of the end of the log, for progress. */
  readonly head: number
}

/** GET /messages: commands and queries; POST /commands/:name { id?, input, key?, expected? } and POST /queries/:name { input } */
export interface ConsoleRequestType {
  readonly kind: 'command' | 'query'
  /** Such as `order.place`. */
  readonly name: string
  /** The aggregate that decides it; `undefined` where a function handles it. */
  readonly aggregate: string | undefined
  readonly module: string | undefined
  readonly input: JsonSchema | undefined
}

/** What POST /commands and /queries answer. */
export type ConsoleAnswer =
  | { readonly ok: true; readonly result: unknown; readonly took: number; readonly traceId: string | undefined }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly details: unknown; readonly took: number }

/** GET /workflows */
export interface ConsoleWorkflow {
  readonly name: string
  readonly versions: readonly number[]
  /** Where it is a saga. */
  readonly graph: SagaGraph | undefined
  readonly signals: Readonly<Record<string, JsonSchema | undefined>>
  readonly input: JsonSchema | undefined
  /** The types of events that start it. */
  readonly startedBy: readonly string[]
  readonly counts: Readonly<Partial<Record<RunState, number>>>
}

/** GET /runs?workflow&state&tenant&text=<id prefix>&stranded=1&after&limit */
export type ConsoleRun = Omit<Wire<RunStatus>, 'input' | 'output'>

/**
 * GET /runs/:workflow/:id, and the topic `run:<workflow>/<id>` of the stream; POST /runs/:workflow { id?, input } starts one, and answers { workflow, id };
 * POST /runs/:workflow/:id/signal { name, data }, /cancel { reason }, /retry
 */
export interface ConsoleRunDetail {
  readonly run: Wire<RunStatus>
  readonly steps: readonly Wire<StepStatus>[]
  readonly graph: SagaGraph | undefined
  /** Child runs, and the run that waits for this one. */
  readonly related: readonly { readonly relation: 'parent' | 'child'; readonly workflow: string; readonly id: string }[]
}

/** GET /schedules; POST /schedules/:name/run, which answers { key } of the firing, /pause, /resume */
export interface ConsoleSchedule extends Wire<ScheduleStatus> {
  readonly history: readonly Wire<FiringRecord>[]
}

/** GET /jobs; POST /jobs/:id/cancel, /retry */
export type ConsoleJob = Wire<Job>

/** GET /topics; POST /topics/:topic/:group/pause, /resume */
export type ConsoleConsumer = Wire<ConsumerStatus>

/**
 * GET /dead-letters?kind&of&after&limit; POST /dead-letters/replay and /dead-letters/discard { kind?, of?, ids? };
 * POST /dead-letters/edit { kind: 'message', of, id, data } replays one message with other data.
 */
export type ConsoleDeadLetter = Wire<AnyDeadLetter>

/** GET /map: what the application is made of. The topic `traffic` of the stream tells what flows. */
export interface ConsoleMap {
  readonly nodes: readonly {
    /** Such as `route:GET /orders/:id` or `event:order.placed`. */
    readonly id: string
    readonly kind:
      | 'route'
      | 'command'
      | 'query'
      | 'aggregate'
      | 'event'
      | 'projection'
      | 'subscription'
      | 'workflow'
      | 'schedule'
      | 'topic'
      | 'consumer'
    readonly name: string
    readonly module: string | undefined
  }[]
  readonly edges: readonly {
    readonly from: string
    readonly to: string
    /** `declared` in the definitions, or `observed` in traces. */
    readonly source: 'declared' | 'observed'
  }[]
}

/** The topic `traffic`: how much happened at the nodes of the map in the last second. */
export interface ConsoleTraffic {
  readonly nodes: Readonly<Record<string, { readonly count: number; readonly errors: number }>>
}

/** GET /audit?after&limit: what was changed through the Console. */
export interface ConsoleAudit {
  readonly id: string
  readonly time: string
  readonly actor: string
  /** Such as `projection.rebuild`. */
  readonly action: string
  readonly target: string
  readonly input: unknown
  readonly outcome: 'done' | 'failed'
  readonly error: string | undefined
}

/** Topics of the stream that need nothing more. */
export type ConsoleTopic = 'overview' | 'logs' | 'traces' | 'events' | 'projections' | 'runs' | 'schedules' | 'dead-letters' | 'traffic'

/**
 * GET /stream?topics=overview,events,run:fulfil/o-1: server-sent events, named by their topic, with JSON data: `overview` carries a
 * `ConsoleOverview`, `logs` and `events` and `traces` arrays of what is new, `run:…` a `ConsoleRunDetail`, `traffic` a `ConsoleTraffic`;
 * the others carry `{}` and mean: ask again. At most a few a second for each topic; `dropped` carries `{ topic, count }` where there was more
 * than the reader can take. A page opens one stream at a time, for what it shows.
 */
export interface ConsoleDropped {
  readonly topic: ConsoleTopic
  readonly count: number
}
