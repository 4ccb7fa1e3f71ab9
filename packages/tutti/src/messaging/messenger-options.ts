import { milliseconds, newId, OptionError, shown, systemClock, type Clock, type Duration } from '../kernel/index.ts'
import { createMeter, createTracer, silentLogger, type Logger, type Meter, type Tracer } from '../observe/index.ts'
import type { Storage } from '../storage/index.ts'
import type { ConsumeMiddleware } from './consume-context.ts'

/** How messages are published and consumed. */
export interface MessengerOptions {
  /** Holds the outbox, the inbox, dead letters and what is paused: without one nothing can be consumed. @default none */
  readonly storage?: Storage
  /** The name of the service, as its messages give it. @default 'tutti' */
  readonly source?: string
  readonly clock?: Clock
  /** Who this process is among all that share the storage. @default a new id */
  readonly owner?: string
  /** How long others wait before they take over from a process that does not answer. @default '30s' */
  readonly lease?: Duration
  /** How often pauses, resumes and replays by other processes are looked for. @default '1s' */
  readonly interval?: Duration
  /** How long messages that were handled in an inbox are remembered: one that comes again later is handled again. @default '1d' */
  readonly inboxRetention?: Duration
  /** Middleware around every handler of messages, the first one outermost. */
  readonly use?: readonly ConsumeMiddleware[]
  /** @default none is written */
  readonly log?: Logger
  /** @default the meter `tutti.messaging` */
  readonly meter?: Meter
  /** @default the tracer `tutti.messaging` */
  readonly tracer?: Tracer
}

/** How messages are published and consumed, with every value settled; times in milliseconds. */
export interface MessengerSettings {
  readonly storage: Storage | undefined
  readonly source: string
  readonly clock: Clock
  readonly owner: string
  readonly lease: number
  readonly interval: number
  readonly inboxRetention: number
  readonly use: readonly ConsumeMiddleware[]
  readonly log: Logger
  readonly meter: Meter
  readonly tracer: Tracer
}

/** Settles and checks the options of a messenger. */
export function resolveMessenger(options: MessengerOptions): MessengerSettings {
  const { storage, source = 'tutti', clock = systemClock, owner = newId(), use = [], log = silentLogger } = options
  const { meter = createMeter('tutti.messaging'), tracer = createTracer('tutti.messaging') } = options
  const lease = milliseconds(options.lease ?? '30s')
  const interval = milliseconds(options.interval ?? '1s')
  const inboxRetention = milliseconds(options.inboxRetention ?? '1d')
  if (typeof source !== 'string' || source === '')
    throw new OptionError(`createMessenger received the source ${shown(source)}; wanted the name of the service, such as "shop".`)
  if (lease < 100) throw new OptionError(`createMessenger received a lease of ${lease} ms; wanted 100 ms or more.`)
  if (interval < 1) throw new OptionError(`createMessenger received an interval of ${interval} ms; wanted 1 ms or more.`)
  return { storage, source, clock, owner, lease, interval, inboxRetention, use, log, meter, tracer }
}
