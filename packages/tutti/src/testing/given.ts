import { AssertionError, deepStrictEqual } from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  freezeDeep,
  Rejection,
  type AggregateCommand,
  type AggregateEvent,
  type AggregateRules,
  type Decision,
  type RejectionDetails,
} from '../events/index.ts'
import { shown } from '../kernel/index.ts'
import { ValidationError } from '../schema/index.ts'

/** Checks a state: a value that it must equal, a matcher of a test runner, or a function that throws or gives `false` for a wrong one. */
export type StateMatcher<State> = State | ((state: State) => unknown) | { asymmetricMatch(state: unknown): boolean }

/** What came of a command. Each check throws an `AssertionError` with the difference, and gives the same object for the next. */
export interface Outcome<State, Codes extends string> {
  /** The command emits exactly these events. */
  thenEmitted(...events: readonly AggregateEvent[]): this
  /** The command is rejected with this code, and with these details where they are given. */
  thenRejected(code: Codes, details?: RejectionDetails): this
  /** The command is accepted and changes nothing. */
  thenNothing(): this
  /** The data of the command does not fit its schema, at this path where it is given. */
  thenInvalid(path?: string): this
  /** The state behind the events of the command. */
  thenState(matcher: StateMatcher<State>): this
}

/** An aggregate with a past. */
export interface Given<Name extends string, State> {
  /** Decides a command, whatever its id, key and expected version. */
  when<Codes extends string>(command: AggregateCommand<Name, Codes>): Outcome<State, Codes>
  /** The state behind the events. */
  thenState(matcher: StateMatcher<State>): this
}

/**
 * Tests the rules of an aggregate without a storage and with any test runner:
 * `given(Order, Order.events.placed({ … })).when(Order.commands.pay('o-1', { … })).thenEmitted(Order.events.paid({ … }))`.
 */
export function given<Name extends string, State>(
  aggregate: AggregateRules<State> & { readonly name: Name },
  ...events: readonly AggregateEvent<`${NoInfer<Name>}.${string}`>[]
): Given<Name, State> {
  const state = evolve(aggregate, aggregate.initial(), events)
  const past: Given<Name, State> = {
    when: (command) => new DecidedOutcome(aggregate, state, decide(aggregate, state, command)),
    thenState(matcher) {
      matchState(state, matcher)
      return past
    },
  }
  return past
}

class DecidedOutcome<State, Codes extends string> implements Outcome<State, Codes> {
  readonly #aggregate: AggregateRules<State>
  readonly #state: State
  readonly #decision: Decision | ValidationError

  constructor(aggregate: AggregateRules<State>, state: State, decision: Decision | ValidationError) {
    this.#aggregate = aggregate
    this.#state = state
    this.#decision = decision
  }

  thenEmitted(...events: readonly AggregateEvent[]): this {
    return this.#expect(events.map(plainEvent), 'The command emits other events')
  }

  thenNothing(): this {
    return this.#expect([], 'The command does not come to nothing')
  }

  thenRejected(code: Codes, details?: RejectionDetails): this {
    const decision = this.#decision
    // Details count only where the test names them.
    const actual = decision instanceof Rejection && details === undefined ? { rejected: decision.code } : this.#told()
    deepEqual(actual, details === undefined ? { rejected: code } : { rejected: code, details }, `The command is not rejected with ${code}`)
    return this
  }

  thenInvalid(path?: string): this {
    const decision = this.#decision
    if (decision instanceof ValidationError && (path === undefined || decision.problems.some((problem) => problem.path === path)))
      return this
    const where = path === undefined ? '' : ` at ${path}`
    throw new AssertionError({
      message: `The data of the command is not invalid${where}: ${inspect(this.#told(), { depth: 10 })}`,
      actual: this.#told(),
      expected: path === undefined ? { invalid: [] } : { invalid: [{ path }] },
    })
  }

  thenState(matcher: StateMatcher<State>): this {
    const decision = this.#decision
    const events = decision instanceof Rejection || decision instanceof ValidationError ? [] : decision
    matchState(evolve(this.#aggregate, this.#state, events), matcher)
    return this
  }

  #expect(events: readonly unknown[], message: string): this {
    deepEqual(this.#told(), events, message)
    return this
  }

  #told(): unknown {
    const decision = this.#decision
    if (decision instanceof ValidationError) return { invalid: decision.problems }
    return decision instanceof Rejection ? plainRejection(decision) : decision.map(plainEvent)
  }
}

function decide<State>(aggregate: AggregateRules<State>, state: State, command: AggregateCommand): Decision | ValidationError {
  if (command.aggregate !== aggregate)
    throw new AssertionError({ message: `${command.type} is a command of another aggregate than ${shown(aggregate.name)}.` })
  const checked = aggregate.validate(command.command, command.data)
  if ('then' in checked)
    throw new AssertionError({ message: `The schema of ${command.type} is asynchronous; test it through a repository on memoryStorage().` })
  return checked.ok ? aggregate.handle(state, command.command, checked.value) : new ValidationError(checked.problems)
}

/** The state behind events; frozen, so that functions which change what they get are found. */
function evolve<State>(aggregate: AggregateRules<State>, from: State, events: readonly AggregateEvent[]): State {
  let state = frozen(from)
  for (const event of events) state = frozen(aggregate.apply(state, event))
  return state
}

function frozen<T>(value: T): T {
  freezeDeep(value)
  return value
}

function matchState<State>(state: State, matcher: StateMatcher<State>): void {
  if (typeof matcher === 'function') {
    if ((matcher as (state: State) => unknown)(state) === false)
      throw new AssertionError({ message: `The state does not match: ${inspect(state, { depth: 10 })}`, actual: state })
    return
  }
  if (isMatcher(matcher)) {
    if (!matcher.asymmetricMatch(state))
      throw new AssertionError({ message: `The state does not match: ${inspect(state, { depth: 10 })}`, actual: state, expected: matcher })
    return
  }
  deepEqual(state, matcher, 'The state is another')
}

function isMatcher(value: unknown): value is { asymmetricMatch(state: unknown): boolean } {
  return typeof value === 'object' && value !== null && 'asymmetricMatch' in value && typeof value.asymmetricMatch === 'function'
}

/** Like `deepStrictEqual`, with a headline above its difference. */
function deepEqual(actual: unknown, expected: unknown, headline: string): void {
  try {
    deepStrictEqual(actual, expected)
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error
    throw new AssertionError({ message: `${headline}.\n${error.message}`, actual, expected, operator: 'deepStrictEqual' })
  }
}

function plainEvent({ type, data }: AggregateEvent): { readonly type: string; readonly data: unknown } {
  return { type, data }
}

function plainRejection({ code, details }: Rejection): { readonly rejected: string; readonly details?: RejectionDetails } {
  return details === undefined ? { rejected: code } : { rejected: code, details }
}
