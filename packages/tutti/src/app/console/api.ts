import { router, type HttpContext, type Router } from '../../http/index.ts'
import { aggregateList, aggregateState } from './aggregate-view.ts'
import { answer } from './answer.ts'
import { appFacts } from './app-facts.ts'
import { appMap } from './app-map.ts'
import { limitOf, notFound, textOf } from './asked.ts'
import type { Audit } from './audit.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import type {
  ConsoleAggregate,
  ConsoleAggregateState,
  ConsoleApp,
  ConsoleAudit,
  ConsoleConsumer,
  ConsoleDeadLetter,
  ConsoleEvent,
  ConsoleEventGraph,
  ConsoleJob,
  ConsoleLog,
  ConsoleLogLevels,
  ConsoleMap,
  ConsoleMetrics,
  ConsoleOverview,
  ConsoleProjection,
  ConsoleRequestType,
  ConsoleRoute,
  ConsoleRun,
  ConsoleRunDetail,
  ConsoleSchedule,
  ConsoleSeries,
  ConsoleStream,
  ConsoleTrace,
  ConsoleTraceDetail,
  ConsoleWorkflow,
  Page,
} from './contract.ts'
import { consumerList } from './consumer-list.ts'
import { eventGraph } from './event-graph.ts'
import { listEvents, listStreams } from './event-list.ts'
import { letterList } from './letter-list.ts'
import { Modules } from './modules.ts'
import type { Overview } from './overview.ts'
import { Kept } from './polling.ts'
import { projectionList } from './projection-list.ts'
import { requestList } from './requests.ts'
import { routeList } from './route-list.ts'
import { runDetail, runList, workflowList } from './run-list.ts'
import { jobList, scheduleList } from './schedule-list.ts'
import { logLevels, logList, seriesOf, storeOf, traceDetail, traceList } from './telemetry-view.ts'

/** What the Console tells, below its path. */
export function consoleApi(
  path: string,
  parts: OpenConsoleParts,
  { overview, audit }: { readonly overview: Overview; readonly audit: Audit },
): Router<string> {
  const { backend, telemetry } = parts
  const modules = new Modules(parts.modules())
  const metrics = (): ConsoleMetrics => telemetry.source.metrics()
  const map = new Kept(3000, async () => appMap(parts))
  const api: Router<string> = router(path)
  api.get('/app', (ctx) => answer<ConsoleApp>(appFacts(parts, ctx.actor)))
  api.get('/overview', async () => answer<ConsoleOverview>(await overview.read()))
  api.get('/routes', () => answer<readonly ConsoleRoute[]>(routeList(parts.routes(), metrics())))
  api.get('/events', async (ctx) => answer<Page<ConsoleEvent>>(await listEvents(ctx, backend.stores.opened?.events)))
  api.get('/streams', async (ctx) => answer<Page<ConsoleStream>>(await listStreams(ctx, backend.stores.opened?.events)))
  api.get('/events/:position/graph', async (ctx) => {
    const position = Number(param(ctx, 'position'))
    const events = backend.stores.opened?.events
    if (events === undefined || !Number.isSafeInteger(position) || position < 1) throw notFound('The event')
    return answer<ConsoleEventGraph>(await eventGraph(events, telemetry.store, position))
  })
  api.get('/map', async () => answer<ConsoleMap>(await map.get()))
  api.get('/aggregates', () => answer<readonly ConsoleAggregate[]>(aggregateList(backend, modules)))
  api.get('/aggregates/:name/*', async (ctx) =>
    answer<ConsoleAggregateState>(await aggregateState(ctx, backend, { name: param(ctx, 'name'), id: param(ctx, '*') })),
  )
  api.get('/projections', async () => answer<readonly ConsoleProjection[]>(await projectionList(backend)))
  api.get('/messages', () => answer<readonly ConsoleRequestType[]>(requestList(backend, modules)))
  api.get('/workflows', async () => answer<readonly ConsoleWorkflow[]>(await workflowList(backend)))
  api.get('/runs', async (ctx) => answer<Page<ConsoleRun>>(await runList(ctx, backend)))
  api.get('/runs/:workflow/*', async (ctx) => answer<ConsoleRunDetail>(await runDetail(backend, param(ctx, 'workflow'), param(ctx, '*'))))
  api.get('/schedules', async () => answer<readonly ConsoleSchedule[]>(await scheduleList(backend)))
  api.get('/jobs', async (ctx) => answer<Page<ConsoleJob>>(await jobList(ctx, backend)))
  api.get('/topics', async () => answer<readonly ConsoleConsumer[]>(await consumerList(backend)))
  api.get('/dead-letters', async (ctx) => answer<Page<ConsoleDeadLetter>>(await letterList(ctx, backend)))
  api.get('/traces', (ctx) => answer<Page<ConsoleTrace>>(traceList(ctx, storeOf(telemetry))))
  api.get('/traces/:traceId', (ctx) => answer<ConsoleTraceDetail>(traceDetail(storeOf(telemetry), param(ctx, 'traceId'))))
  api.get('/logs', (ctx) => answer<Page<ConsoleLog>>(logList(ctx, storeOf(telemetry))))
  api.get('/log-levels', () => answer<ConsoleLogLevels>(logLevels(parts.log)))
  api.get('/metrics', () => answer(metrics()))
  api.get('/metrics/series', (ctx) => answer<ConsoleSeries>(seriesOf(ctx, storeOf(telemetry))))
  api.get('/audit', async (ctx) => answer<Page<ConsoleAudit>>(await audit.list(textOf(ctx, 'after'), limitOf(ctx))))
  return api
}

/** A path parameter; ids may have slashes in them, so the last one may be the rest of the path. */
export function param(ctx: HttpContext, name: string): string {
  return ctx.pathParams[name] ?? ''
}
