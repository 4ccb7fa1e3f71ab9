import { currentContext, milliseconds, newId, OptionError, shown, type Clock, type Duration } from '../kernel/index.ts'
import type { StartOptions } from '../message/index.ts'
import { compileValidator, ValidationError, type Schema } from '../schema/index.ts'
import type { RunName } from './execution-host.ts'
import type { RunValue, StoredContext } from './run-document.ts'
import { storable } from './storable.ts'
import type { Workflow } from './workflow.ts'

/** A run that is to be stored. */
export interface RunOrder extends RunName {
  readonly value: RunValue
  readonly due: number
  readonly tenant: string | undefined
}

const validators = new WeakMap<Schema, ReturnType<typeof compileValidator>>()

/** Validates a value against a schema, where there is one. */
export async function validated(schema: Schema | undefined, value: unknown): Promise<unknown> {
  if (schema === undefined) return value
  let validator = validators.get(schema)
  if (validator === undefined) validators.set(schema, (validator = compileValidator(schema)))
  const result = await validator(value)
  if (!result.ok) throw new ValidationError(result.problems)
  return result.value
}

/** How much later a run of a lower priority is due: longer than any runs wait for each other. */
const priorityStep = 100_000_000_000

/** What is stored of a new run. Throws `TUTTI_VALIDATION` where the input does not fit. */
export async function orderRun(
  workflow: Workflow,
  input: unknown,
  { clock, payload, parent, ...options }: StartOptions & { readonly clock: Clock; readonly payload: number; readonly parent?: RunName },
): Promise<RunOrder> {
  const { name, version, settings } = workflow
  const { id = newId(), after, deadline = settings.deadline } = options
  checkId(id)
  const now = clock.now()
  const kept = storable(await validated(workflow.input, input), `The input of ${name}`, payload).value
  const begin = after === undefined ? now : timeOf('after', after, now)
  const priority = options.priority ?? settings.priority(kept)
  if (!Number.isSafeInteger(priority) || priority < 0 || priority > 9)
    throw new OptionError(`A run of ${name} received the priority ${shown(priority)}; wanted a whole number from 0 to 9.`)
  const value: RunValue = {
    version,
    state: 'queued',
    input: kept,
    createdAt: now,
    context: storedContext(),
    generation: 0,
    writes: 0,
    claims: 0,
    tail: [],
    pages: 0,
    paged: 0,
    ...(deadline !== undefined && { deadline: timeOf('deadline', deadline, now) }),
    ...(parent && { parent }),
  }
  // Runs are claimed in the order of when they are due.
  const due = begin > now ? begin : Math.max(1, now - priority * priorityStep)
  return { workflow: name, id, value, due: Math.ceil(due), tenant: options.tenant ?? currentContext()?.tenant }
}

function storedContext(): StoredContext {
  const context = currentContext()
  return {
    correlationId: context?.correlationId ?? newId(),
    ...(context?.causationId !== undefined && { causationId: context.causationId }),
    ...(context?.trace && { trace: context.trace }),
    ...(context?.actor && { actor: context.actor }),
  }
}

function timeOf(what: string, time: Duration | Date, now: number): number {
  const at = time instanceof Date ? time.getTime() : now + milliseconds(time)
  if (Number.isFinite(at) && at >= 0) return Math.ceil(at)
  throw new OptionError(`A run received ${what} ${shown(time)}; wanted a span such as "1h", or a valid date.`)
}

/** The longest id: with the name of its workflow it is the key of a document. */
export const longestId = 350

function checkId(id: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not be in an id
  if (typeof id === 'string' && id.length >= 1 && id.length <= longestId && !/[\u0000-\u001f\u007f]/.test(id) && id.isWellFormed())
    return id
  throw new OptionError(`A run received the id ${shown(id)}; wanted 1 to ${longestId} characters without control characters.`)
}
