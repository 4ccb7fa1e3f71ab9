import type { AggregateCommand, AggregateRules } from '../events/index.ts'
import { OptionError, TuttiError } from '../kernel/index.ts'
import type { RequestDefinition, RequestMessage, Sendable } from '../message/index.ts'
import type { StoredCommand } from '../schedule/index.ts'

/** A command of an aggregate as it is stored. */
interface StoredAggregateCommand extends Pick<AggregateCommand, 'command' | 'id' | 'data' | 'expected'> {
  readonly key?: string
}

/** Where stored commands find what they are for. */
export interface CommandLookup {
  aggregate(name: string): AggregateRules<unknown> | undefined
  definition(name: string): RequestDefinition | undefined
}

const ofAggregate = 'aggregate:'
const ofFunction = 'command:'

/** A command as it can be stored and sent later, by another process. */
export function storeCommand(command: Sendable<unknown>): StoredCommand {
  if (isAggregateCommand(command)) {
    const { aggregate, command: name, id, data, expected, key } = command
    const input: StoredAggregateCommand = { command: name, id, data, expected, ...(key !== undefined && { key }) }
    return { name: `${ofAggregate}${aggregate.name}`, input }
  }
  if (isRequestMessage(command) && command.definition.kind === 'command')
    return { name: `${ofFunction}${command.definition.name}`, input: command.input }
  throw new OptionError(
    'later received something that is no command; wanted Order.commands.place(…) or a command definition called with its input.',
  )
}

/** Whether the application has what a stored command is for. */
export function knowsCommand(name: string, lookup: CommandLookup): boolean {
  if (name.startsWith(ofAggregate)) return lookup.aggregate(name.slice(ofAggregate.length)) !== undefined
  return lookup.definition(name.slice(ofFunction.length)) !== undefined
}

/** A stored command, ready to be sent. Throws `TUTTI_HANDLER_MISSING` where the application does not know it any more. */
export function reviveCommand({ name, input }: StoredCommand, lookup: CommandLookup): Sendable<unknown> {
  if (name.startsWith(ofAggregate)) {
    const aggregate = lookup.aggregate(name.slice(ofAggregate.length))
    // What is stored under this name was made by `storeCommand`.
    if (aggregate !== undefined) return reviveAggregate(aggregate, input as StoredAggregateCommand)
  } else {
    const definition = lookup.definition(name.slice(ofFunction.length))
    if (definition !== undefined) {
      const message: RequestMessage = { definition, input }
      return message
    }
  }
  throw new TuttiError('TUTTI_HANDLER_MISSING', `The stored command ${JSON.stringify(name)} is not part of the application any more.`)
}

function reviveAggregate(aggregate: AggregateRules<unknown>, stored: StoredAggregateCommand): AggregateCommand {
  const { command, id, data, expected, key } = stored
  const type = `${aggregate.name}.${command}`
  return { kind: 'aggregate-command', aggregate, command, type, id, stream: aggregate.stream(id), data, expected, key }
}

/** Whether something to be sent is a command of an aggregate. */
export function isAggregateCommand(command: object): command is AggregateCommand {
  return 'kind' in command && command.kind === 'aggregate-command'
}

/** Whether something given to `app.use` is the definition of a command or query. */
export function isRequestDefinition(item: unknown): item is RequestDefinition {
  return typeof item === 'function' && 'kind' in item && (item.kind === 'command' || item.kind === 'query') && 'input' in item
}

/** Whether something to be sent or asked is a command or query that a function handles. */
export function isRequestMessage(message: object): message is RequestMessage {
  return 'definition' in message && isRequestDefinition(message.definition)
}
