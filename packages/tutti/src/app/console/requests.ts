import type { AggregateRules, AggregateCommand } from '../../events/index.ts'
import { systemClock, TuttiError } from '../../kernel/index.ts'
import { Accepted, Rejected, type RequestMessage } from '../../message/index.ts'
import { inSpan, type Tracer } from '../../observe/index.ts'
import { ValidationError } from '../../schema/index.ts'
import type { Backend } from '../backend.ts'
import { describeAggregate } from './aggregate-view.ts'
import { badInput, notFound } from './asked.ts'
import type { ConsoleAnswer, ConsoleRequestType } from './contract.ts'
import { neededIn, textIn, type Input } from './input.ts'
import type { Modules } from './modules.ts'
import { described } from './route-list.ts'

/** Commands and queries of the application, by name. */
export function requestList({ messages }: Backend, modules: Modules): readonly ConsoleRequestType[] {
  const ofAggregates = messages.aggregates.flatMap((aggregate) =>
    Object.values(describeAggregate(aggregate).commands).map(({ type, schema }) => ({
      kind: 'command' as const,
      name: type,
      aggregate: aggregate.name,
      module: modules.of(aggregate),
      input: described(schema),
    })),
  )
  const ofFunctions = messages.definitions.map((definition) => ({
    kind: definition.kind,
    name: definition.name,
    aggregate: undefined,
    module: modules.of(definition),
    input: described(definition.input),
  }))
  return [...ofAggregates, ...ofFunctions].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

/** Sends a command with an input that its definition checks. Throws 404 for one that does not exist. */
export async function sendCommand(backend: Backend, tracer: Tracer, { name, body }: Named): Promise<ConsoleAnswer> {
  const { messages } = backend
  const definition = messages.definition(name)
  if (definition !== undefined) {
    const message: RequestMessage = { definition, input: body['input'] }
    return answered(tracer, `send ${name}`, () => messages.verbs.send(message))
  }
  const aggregate = messages.aggregates.find((one) => Object.values(describeAggregate(one).commands).some(({ type }) => type === name))
  if (aggregate === undefined) throw notFound(`The command ${JSON.stringify(name)}`)
  const command = commandOf(aggregate, name, body)
  return answered(tracer, `send ${name}`, () => messages.verbs.send(command))
}

/** Asks a query with an input that its definition checks. Throws 404 for one that does not exist. */
export async function askQuery({ messages }: Backend, tracer: Tracer, { name, body }: Named): Promise<ConsoleAnswer> {
  const definition = messages.definitions.find((one) => one.kind === 'query' && one.name === name)
  if (definition === undefined) throw notFound(`The query ${JSON.stringify(name)}`)
  const message: RequestMessage = { definition, input: body['input'] }
  return answered(tracer, `ask ${name}`, () => messages.verbs.ask(message))
}

interface Named {
  readonly name: string
  readonly body: Input
}

function commandOf(aggregate: AggregateRules<unknown>, name: string, body: Input): AggregateCommand {
  const id = neededIn(body, 'id')
  return {
    kind: 'aggregate-command',
    aggregate,
    command: name.slice(aggregate.name.length + 1),
    type: name,
    id,
    stream: aggregate.stream(id),
    data: body['input'],
    key: textIn(body, 'key'),
    expected: expectedOf(body['expected']),
  }
}

function expectedOf(expected: unknown): AggregateCommand['expected'] {
  if (expected === undefined || expected === null) return 'any'
  if (expected === 'any' || expected === 'none' || expected === 'exists') return expected
  if (typeof expected === 'number' && Number.isSafeInteger(expected) && expected >= 0) return expected
  throw badInput('The member expected is none of "any", "none", "exists" and a version.')
}

async function answered(tracer: Tracer, name: string, work: () => Promise<unknown>): Promise<ConsoleAnswer> {
  const began = systemClock.monotonic()
  const took = (): number => Math.round((systemClock.monotonic() - began) * 100) / 100
  try {
    return await inSpan(tracer, { name }, async (span) => {
      const result = await work()
      if (result instanceof Rejected)
        return { ok: false, code: result.code, message: 'The command was rejected.', details: result.details, took: took() }
      const shown = result instanceof Accepted ? { version: result.version, position: result.position } : result
      return { ok: true, result: shown, took: took(), traceId: span.context?.traceId }
    })
  } catch (error) {
    const { code, message, details } = TuttiError.from(error)
    return { ok: false, code, message, details: error instanceof ValidationError ? error.problems : details, took: took() }
  }
}
