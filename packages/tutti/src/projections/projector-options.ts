import { milliseconds, newId, OptionError, systemClock, type Clock, type Duration } from '../kernel/index.ts'
import { createMeter, createTracer, silentLogger, type Logger, type Meter, type Tracer } from '../observe/index.ts'

/** How projections and subscriptions are run. */
export interface ProjectorOptions {
  readonly clock?: Clock
  /** Who this process is among all that share the storage. @default a new id */
  readonly owner?: string
  /**
   * How long others wait before they take over from a process that does not answer. The clocks of all processes must agree within a
   * fraction of it. @default '15s'
   */
  readonly lease?: Duration
  /** How often pauses, resumes and resets by other processes are looked for, and at most how often shares are settled. @default '1s' */
  readonly interval?: Duration
  /** How rarely the log is looked at while nothing wakes readers. @default '1s', and '5s' where the storage wakes readers in all processes */
  readonly poll?: Duration
  /** @default none is written */
  readonly log?: Logger
  /** @default the meter `tutti.projections` */
  readonly meter?: Meter
  /** @default the tracer `tutti.projections` */
  readonly tracer?: Tracer
}

/** How projections are run, with every value settled; times in milliseconds. */
export interface ProjectorSettings {
  readonly clock: Clock
  readonly owner: string
  readonly lease: number
  readonly interval: number
  readonly poll: number
  readonly log: Logger
  readonly meter: Meter
  readonly tracer: Tracer
}

/** Settles and checks the options of a projector. */
export function resolveProjector(
  options: ProjectorOptions,
  { shared, wakesOthers }: { readonly shared: boolean; readonly wakesOthers: boolean },
): ProjectorSettings {
  const { clock = systemClock, owner = newId(), log = silentLogger, meter = createMeter('tutti.projections') } = options
  const { tracer = createTracer('tutti.projections') } = options
  const lease = milliseconds(options.lease ?? '15s')
  const interval = milliseconds(options.interval ?? Math.min(1_000, lease / 5))
  const poll = milliseconds(options.poll ?? (shared && !wakesOthers ? '1s' : '5s'))
  if (lease < 50) throw new OptionError(`createProjector received a lease of ${lease} ms; wanted 50 ms or more.`)
  if (interval < 1 || interval > lease / 2)
    throw new OptionError(`createProjector received an interval of ${interval} ms; wanted at most half of the lease, ${lease / 2} ms.`)
  if (poll < 1) throw new OptionError(`createProjector received a poll of ${poll} ms; wanted 1 ms or more.`)
  return { clock, owner, lease, interval, poll, log, meter, tracer }
}
