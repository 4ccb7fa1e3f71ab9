import type { Audit } from './audit.ts'
import { changeFeed, valueFeed } from './change-feed.ts'
import type { OpenConsoleParts } from './console-parts.ts'
import { eventFeed } from './event-feed.ts'
import { Feeds, type Feed } from './feeds.ts'
import type { Overview } from './overview.ts'
import { paramsOfRun, runDetail } from './run-list.ts'
import { logFeed, traceFeed } from './telemetry-feeds.ts'
import { trafficFeed } from './traffic.ts'

/** What news are made from besides the application. */
export interface NewsSources {
  readonly overview: Overview
  readonly audit: Audit
}

/** The topics of the stream, as far as the application has what they are about. */
export function newsOf({ backend, telemetry, log }: OpenConsoleParts, { overview, audit }: NewsSources): Feeds {
  const { readModels, runs, schedules, stores, deadLetters } = backend
  // After each change through the Console pages are told in any case: what it does may be over before anybody has looked.
  const changes = (every: number, look: () => Promise<unknown>): Feed =>
    changeFeed({ log, every, look: async () => [audit.changes, await look()] })
  const find = (topic: string): Feed | undefined => {
    if (topic === 'overview') return overview.feed
    if (topic === 'traffic') return trafficFeed({ log, metrics: () => telemetry.source.metrics(), rename: (node) => nodeOf(node, backend) })
    if (topic === 'logs' && telemetry.store !== undefined) return logFeed(telemetry.store)
    if (topic === 'traces' && telemetry.store !== undefined) return traceFeed(telemetry.store)
    if (topic === 'events' && stores.opened !== undefined) return eventFeed(stores.opened, log)
    if (topic === 'projections') return changes(1000, async () => (readModels.isUsed ? readModels.projector.status() : []))
    if (topic === 'runs')
      return changes(1000, async () => (runs.isUsed ? [await runs.engine.count(), await runs.engine.list({ limit: 50 })] : []))
    if (topic === 'schedules') return changes(1000, async () => (schedules.isUsed ? schedules.scheduler.status() : []))
    if (topic === 'dead-letters') return changes(2000, async () => (await deadLetters.list()).map(({ kind, of, id }) => [kind, of, id]))
    const run = paramsOfRun(topic)
    if (run === undefined || !runs.workflows.some(({ name }) => name === run.workflow)) return undefined
    return valueFeed({ log, every: 500, look: () => runDetail(backend, run.workflow, run.id) })
  }
  return new Feeds(find)
}

/** The node of the map for one that instruments name. */
function nodeOf(node: string, { readModels, runs }: OpenConsoleParts['backend']): string {
  const name = node.startsWith('projection:') ? node.slice('projection:'.length) : undefined
  if (readModels.definitions.find((definition) => definition.name === name)?.kind !== 'subscription') return node
  const workflow = runs.workflows.find((one) => name === `workflow-${one.name}`)
  return workflow === undefined ? `subscription:${name}` : `workflow:${workflow.name}`
}
