import type { AggregateRules } from '../../events/index.ts'
import type { HttpContext } from '../../http/index.ts'
import type { EventType } from '../../message/index.ts'
import type { Schema } from '../../schema/index.ts'
import type { Backend } from '../backend.ts'
import { notFound, wholeOf } from './asked.ts'
import type { ConsoleAggregate, ConsoleAggregateState } from './contract.ts'
import { shownEvent } from './event-list.ts'
import type { Modules } from './modules.ts'

/** What an aggregate that was defined with `aggregate` tells beside its rules. */
interface Described {
  readonly events: Readonly<Record<string, Pick<EventType, 'type'>>>
  readonly commands: Readonly<Record<string, { readonly type: string; readonly schema: Schema }>>
}

/** The events and commands of an aggregate. */
export function describeAggregate(aggregate: AggregateRules<unknown>): Described {
  return isDescribed(aggregate) ? aggregate : { events: {}, commands: {} }
}

function isDescribed(aggregate: AggregateRules<unknown>): aggregate is AggregateRules<unknown> & Described {
  return 'events' in aggregate && 'commands' in aggregate
}

/** The aggregates of the application. */
export function aggregateList({ messages }: Backend, modules: Modules): readonly ConsoleAggregate[] {
  return messages.aggregates.map((aggregate) => {
    const { events, commands } = describeAggregate(aggregate)
    return {
      name: aggregate.name,
      module: modules.of(aggregate),
      events: Object.values(events).map(({ type }) => type),
      commands: Object.values(commands).map(({ type }) => type),
    }
  })
}

/** The state of an aggregate as it is, or as it was behind a version. */
export async function aggregateState(
  ctx: Pick<HttpContext, 'query'>,
  { messages, stores }: Backend,
  { name, id }: { readonly name: string; readonly id: string },
): Promise<ConsoleAggregateState> {
  const aggregate = messages.aggregate(name)
  if (aggregate === undefined) throw notFound(`The aggregate ${JSON.stringify(name)}`)
  const stream = aggregate.stream(id)
  const asked = wholeOf(ctx, 'version')
  const { events } = stores.write
  const info = await events.info(stream)
  if (info === undefined || info.tombstoned || (asked !== undefined && (asked < 1 || asked > info.version)))
    throw notFound(`The state of ${stream}${asked === undefined ? '' : ` at version ${asked}`}`)
  const version = asked ?? info.version
  const found = await messages.verbs.inspect(aggregate, id, { version })
  if (found === undefined) throw notFound(`The state of ${stream}`)
  const [event] = await events.read(stream, { from: found.version, limit: 1 }).toArray()
  return {
    stream,
    version: found.version,
    latest: info.version,
    first: info.first,
    state: found.state,
    event: event && shownEvent(event),
  }
}
