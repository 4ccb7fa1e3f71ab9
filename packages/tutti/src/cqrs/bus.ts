import {
  currentContext,
  deriveContext,
  layered,
  milliseconds,
  runInContext,
  type Clock,
  type Context,
  type Duration,
} from '../kernel/index.ts'
import type { RequestDefinition, RequestMessage } from '../message/index.ts'
import { inSpan, payloadOf, type Tracer } from '../observe/index.ts'
import { compileValidator, ValidationError, type InferInput, type InferOutput, type Schema, type Validator } from '../schema/index.ts'
import { handlerDuplicate, handlerMissing, messageTimeout } from './errors.ts'
import { MessageContext, type ContextParts, type MessageDeps, type MessageMiddleware, type MessageNeeds } from './message-context.ts'

/** How one command or query is handled. */
export interface HandleOptions<N extends MessageNeeds = MessageNeeds> {
  readonly deps?: N
  /** Middleware of this handler alone, inside that of its bus. */
  readonly use?: readonly MessageMiddleware[]
  /** @default the bus's */
  readonly timeout?: Duration
}

/** Handles the commands or queries of one definition. */
export type MessageHandler<I extends Schema, O extends Schema, N> = (
  ctx: MessageContext<InferOutput<I>, MessageDeps<N>>,
) => InferInput<O> | Promise<InferInput<O>>

/** How all commands or all queries are handled. */
export interface BusOptions {
  /** Middleware around every handler, the first one outermost. */
  readonly use?: readonly MessageMiddleware[]
  /** @default none */
  readonly timeout?: Duration
}

/** What a bus is given by the application. */
export interface BusParts extends ContextParts {
  readonly tracer: Tracer
  readonly clock: Clock
  /** Resolves what a handler needs, and goes on with it. */
  withDependencies<T>(needs: MessageNeeds, use: (deps: unknown) => Promise<T>): Promise<T>
}

interface Registered {
  readonly definition: RequestDefinition
  readonly input: Validator<unknown>
  readonly output: Validator<unknown> | undefined
  readonly timeout: number | undefined
  readonly deps: MessageNeeds | undefined
  run(ctx: MessageContext): Promise<unknown>
}

/** Brings commands or queries to their handlers: each definition has exactly one. */
export class Bus {
  readonly #kind: 'command' | 'query'
  readonly #options: BusOptions
  readonly #handlers = new Map<string, Registered>()
  readonly #declared = new Map<string, RequestDefinition>()

  constructor(kind: 'command' | 'query', options: BusOptions = {}) {
    this.#kind = kind
    this.#options = options
  }

  /** Whether anything is declared or handled here. */
  get isEmpty(): boolean {
    return this.#declared.size === 0
  }

  /** Everything that is declared here. */
  get definitions(): readonly RequestDefinition[] {
    return [...this.#declared.values()]
  }

  /** What is declared under a name. */
  definition(name: string): RequestDefinition | undefined {
    return this.#declared.get(name)
  }

  /** Says that a definition is part of the application: without a handler the start fails. */
  declare(definition: RequestDefinition): void {
    const known = this.#declared.get(definition.name)
    if (known !== undefined && known !== definition) throw handlerDuplicate(`${this.#kind} definition`, definition.name)
    this.#declared.set(definition.name, definition)
  }

  /** Sets the handler of a definition. Throws `TUTTI_HANDLER_DUPLICATE` where it has one. */
  handle(definition: RequestDefinition, options: HandleOptions, handler: (ctx: never) => unknown): void {
    if (this.#handlers.has(definition.name)) throw handlerDuplicate(this.#kind, definition.name)
    this.declare(definition)
    const timeout = options.timeout ?? this.#options.timeout
    this.#handlers.set(definition.name, {
      definition,
      input: compileValidator(definition.input),
      output: definition.output === undefined ? undefined : compileValidator(definition.output),
      timeout: timeout === undefined ? undefined : milliseconds(timeout),
      deps: options.deps,
      // The context carries the input as the definition's schema made it: this is where the handler's own types end.
      run: layered([...(this.#options.use ?? []), ...(options.use ?? [])], handler as (ctx: MessageContext) => unknown),
    })
  }

  /** Throws `TUTTI_HANDLER_MISSING` for the first declared definition without a handler. */
  check(): void {
    for (const name of this.#declared.keys()) if (!this.#handlers.has(name)) throw handlerMissing(this.#kind, name)
  }

  /** Validates, and has the message handled in a context that comes from the current one. */
  dispatch(message: RequestMessage, parts: BusParts): Promise<unknown> {
    const { tracer } = parts
    if (!tracer.enabled) return this.#dispatch(message, parts)
    const { name } = message.definition
    const verb = this.#kind === 'command' ? 'execute' : 'ask'
    const attributes = {
      [`tutti.${this.#kind}`]: name,
      ...(tracer.payloads === true && { [`tutti.${this.#kind}.data`]: payloadOf(message.input) }),
    }
    return inSpan(tracer, { name: `${verb} ${name}`, attributes }, () => this.#dispatch(message, parts))
  }

  async #dispatch({ definition, input }: RequestMessage, parts: BusParts): Promise<unknown> {
    const registered = this.#handlers.get(definition.name)
    if (registered === undefined || registered.definition !== definition) throw handlerMissing(this.#kind, definition.name)
    const valid = await registered.input(input)
    if (!valid.ok) throw new ValidationError(valid.problems)
    const result = await this.#limited(registered, valid.value, parts)
    if (registered.output === undefined) return result
    const checked = await registered.output(result)
    if (checked.ok) return checked.value
    throw new TypeError(
      `The handler of the ${this.#kind} ${JSON.stringify(definition.name)} gave a result that its output schema does not allow: ${new ValidationError(checked.problems).message}`,
    )
  }

  async #limited(registered: Registered, input: unknown, parts: BusParts): Promise<unknown> {
    const { timeout, definition } = registered
    if (timeout === undefined) return this.#run(registered, deriveContext(currentContext()), { input, parts })
    const controller = new AbortController()
    const expired = Promise.withResolvers<never>()
    const timer = parts.clock.setTimeout(() => {
      const error = messageTimeout(this.#kind, definition.name, timeout)
      controller.abort(error)
      expired.reject(error)
    }, timeout)
    try {
      const context = deriveContext(currentContext(), { deadline: parts.clock.now() + timeout, signal: controller.signal })
      return await Promise.race([this.#run(registered, context, { input, parts }), expired.promise])
    } finally {
      timer.cancel()
    }
  }

  #run(
    { definition, deps, run }: Registered,
    context: Context,
    { input, parts }: { readonly input: unknown; readonly parts: BusParts },
  ): Promise<unknown> {
    const ctx = new MessageContext({ kind: this.#kind, name: definition.name, input, context, parts })
    if (deps === undefined) return runInContext(ctx, run, ctx)
    return runInContext(
      ctx,
      () =>
        parts.withDependencies(deps, (values) => {
          ctx.deps = values
          return run(ctx)
        }),
      undefined,
    )
  }
}
