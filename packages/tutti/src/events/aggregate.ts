import type { AggregateBuilder, AggregateOptions, CommandMap, EventMap } from './aggregate-definition.ts'
import { checkAggregate, checkHandlers } from './check-aggregate.ts'
import { DefinedAggregate } from './defined-aggregate.ts'

/**
 * Defines an aggregate: `aggregate('order', { events, commands, initial }).evolve({ … }).decide({ … })`. Its name has no dash, for its
 * streams are called `order-42`. Throws `TUTTI_AGGREGATE_INVALID`.
 */
export function aggregate<const Name extends string, State, Events extends EventMap, Commands extends CommandMap>(
  name: Name,
  options: AggregateOptions<State, Events, Commands>,
): AggregateBuilder<Name, State, Events, Commands> {
  checkAggregate(name, options)
  return {
    evolve(evolvers) {
      checkHandlers(`${name}.evolve`, 'events', { wanted: options.events, given: evolvers })
      return {
        decide(deciders) {
          checkHandlers(`${name}.decide`, 'commands', { wanted: options.commands, given: deciders })
          return new DefinedAggregate(name, options, { evolvers, deciders })
        },
      }
    },
  }
}
