import type { Labels, MetricSnapshot } from '../../observe/index.ts'
import type { ConsoleTraffic } from './contract.ts'
import type { Feed } from './feeds.ts'
import { poll, type Polling } from './polling.ts'

/** What an instrument says about a node of the map. */
interface Meaning {
  readonly instrument: string
  readonly node: (labels: Labels) => string | undefined
  readonly failed: (labels: Labels) => boolean
}

const never = (): boolean => false
const always = (): boolean => true

const meanings: readonly Meaning[] = [
  {
    instrument: 'http.server.request.duration',
    node: (labels) =>
      labels['http.route'] === undefined ? undefined : `route:${String(labels['http.request.method'])} ${String(labels['http.route'])}`,
    failed: (labels) => 'error.type' in labels,
  },
  { instrument: 'tutti.command.duration', node: labelled('command', 'command'), failed: ({ outcome }) => outcome !== 'done' },
  { instrument: 'tutti.query.duration', node: labelled('query', 'query'), failed: ({ outcome }) => outcome !== 'done' },
  { instrument: 'tutti.aggregate.commands', node: labelled('aggregate', 'aggregate'), failed: ({ outcome }) => outcome === 'failed' },
  { instrument: 'tutti.events.appended', node: labelled('event', 'type'), failed: never },
  { instrument: 'tutti.projection.events', node: labelled('projection', 'projection'), failed: never },
  { instrument: 'tutti.projection.failures', node: labelled('projection', 'projection'), failed: always },
  { instrument: 'tutti.schedule.firings', node: labelled('schedule', 'schedule'), failed: ({ outcome }) => outcome === 'failed' },
  { instrument: 'tutti.messages.published', node: labelled('topic', 'topic'), failed: never },
  { instrument: 'tutti.messages.handled', node: consumer, failed: never },
  { instrument: 'tutti.messages.failed', node: consumer, failed: always },
]

/** What traffic is told of. */
interface Traffic {
  readonly metrics: () => readonly MetricSnapshot[]
  /** The node of the map for one that instruments name: they know no difference between projections and subscriptions. */
  readonly rename: (node: string) => string
  readonly log: Polling['log']
}

/** Tells every second how much happened at the nodes of the map. */
export function trafficFeed({ metrics, rename, log }: Traffic): Feed {
  return (tell) => {
    let before: ReadonlyMap<string, Flow> | undefined
    return poll({
      every: 1000,
      log,
      work: async () => {
        const now = flowsOf(metrics(), rename)
        const traffic: ConsoleTraffic = { nodes: before === undefined ? {} : growth(before, now) }
        before = now
        tell(traffic)
      },
    })
  }
}

interface Flow {
  readonly count: number
  readonly errors: number
}

function flowsOf(metrics: readonly MetricSnapshot[], rename: Traffic['rename']): ReadonlyMap<string, Flow> {
  const flows = new Map<string, Flow>()
  for (const { instrument, node, failed } of meanings) {
    const metric = metrics.find(({ name }) => name === instrument)
    for (const series of metric?.series ?? []) {
      const named = node(series.labels)
      if (named === undefined) continue
      const id = rename(named)
      const count = 'count' in series ? series.count : series.value
      const { count: counted, errors } = flows.get(id) ?? { count: 0, errors: 0 }
      flows.set(id, { count: counted + count, errors: errors + (failed(series.labels) ? count : 0) })
    }
  }
  return flows
}

function growth(before: ReadonlyMap<string, Flow>, now: ReadonlyMap<string, Flow>): ConsoleTraffic['nodes'] {
  const grown = [...now].map(([id, { count, errors }]) => {
    const earlier = before.get(id) ?? { count: 0, errors: 0 }
    return [id, { count: count - earlier.count, errors: errors - earlier.errors }] as const
  })
  return Object.fromEntries(grown.filter(([, { count }]) => count > 0))
}

function labelled(kind: string, label: string): Meaning['node'] {
  return (labels) => (labels[label] === undefined ? undefined : `${kind}:${String(labels[label])}`)
}

function consumer({ topic, group }: Labels): string {
  return `consumer:${String(topic)}/${String(group)}`
}
