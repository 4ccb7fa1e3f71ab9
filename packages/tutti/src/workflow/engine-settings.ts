import { AsyncLocalStorage } from 'node:async_hooks'
import { milliseconds, newId, OptionError, shown, systemClock, type Clock, type Duration } from '../kernel/index.ts'
import type { ProtocolVerbs } from '../message/index.ts'
import { createMeter, createTracer, silentLogger, type Logger, type Meter, type Tracer } from '../observe/index.ts'
import type { StepMiddleware } from './step-middleware.ts'

/** How runs of workflows are executed. */
export interface WorkflowsOptions {
  readonly clock?: Clock
  /** Who this process is among all that share the storage. @default a new id */
  readonly owner?: string
  /**
   * How long others wait before they take over from a process that does not answer. The clocks of all processes must agree within a
   * fraction of it. @default '15s'
   */
  readonly lease?: Duration
  /** How often runs are looked for that other processes have started, left, or sent signals to. @default '1s' */
  readonly poll?: Duration
  /** How many runs this process executes at a time; more wait in the storage. @default 500 */
  readonly concurrency?: number
  /** How long a run that waits stays in memory. @default '1s' */
  readonly idle?: Duration
  /** How many operations a run records at most. @default 10000 */
  readonly steps?: number
  /** The most characters of an input, a result or a signal. @default 1000000 */
  readonly payload?: number
  /** How often a run is taken over without getting on before it is stuck: it may end the processes that execute it. @default 10 */
  readonly takeovers?: number
  /** Where `w.send` and `w.ask` lead. @default they throw */
  readonly verbs?: Pick<ProtocolVerbs, 'sendWith' | 'ask'>
  /** Middleware around each attempt of a step, an undo, a transaction, a command or a query, the first one outermost. @default none */
  readonly use?: readonly StepMiddleware[]
  /** @default none is written */
  readonly log?: Logger
  /** @default the meter `tutti.workflows` */
  readonly meter?: Meter
  /** @default the tracer `tutti.workflows` */
  readonly tracer?: Tracer
}

/** How runs are executed, with every value settled; times in milliseconds. */
export interface EngineSettings {
  readonly clock: Clock
  readonly owner: string
  readonly lease: number
  readonly poll: number
  readonly concurrency: number
  readonly idle: number
  readonly steps: number
  readonly payload: number
  readonly takeovers: number
  readonly verbs: Pick<ProtocolVerbs, 'sendWith' | 'ask'> | undefined
  readonly use: readonly StepMiddleware[]
  readonly log: Logger
  readonly meter: Meter
  readonly tracer: Tracer
  /** Does work in the surroundings in which the engine was made: outside of the transactions and contexts of those who call it. */
  readonly outside: <T>(work: () => T) => T
}

/** Settles and checks the options of an engine. */
export function resolveEngine(options: WorkflowsOptions): EngineSettings {
  const { clock = systemClock, owner = newId(), verbs, log = silentLogger, meter = createMeter('tutti.workflows') } = options
  const {
    tracer = createTracer('tutti.workflows'),
    use = [],
    concurrency = 500,
    steps = 10_000,
    payload = 1_000_000,
    takeovers = 10,
  } = options
  const lease = milliseconds(options.lease ?? '15s')
  const poll = milliseconds(options.poll ?? Math.min(1_000, lease / 3))
  if (lease < 50) throw new OptionError(`createWorkflows received a lease of ${lease} ms; wanted 50 ms or more.`)
  if (poll < 1) throw new OptionError(`createWorkflows received a poll of ${poll} ms; wanted 1 ms or more.`)
  for (const [name, value] of Object.entries({ concurrency, steps, payload, takeovers }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new OptionError(`createWorkflows received ${name} ${shown(value)}; wanted a whole number of 1 or more.`)
  for (const layer of use)
    if (typeof layer !== 'function')
      throw new OptionError(`createWorkflows received ${shown(layer)} in use; wanted functions (ctx, next) => result.`)
  const idle = milliseconds(options.idle ?? '1s')
  const outside = AsyncLocalStorage.snapshot()
  return { clock, owner, lease, poll, concurrency, idle, steps, payload, takeovers, verbs, use, log, meter, tracer, outside }
}
