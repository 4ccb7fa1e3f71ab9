import type { CommandResult } from '../message/index.ts'
import type { Clock, Size } from '../kernel/index.ts'
import type { Logger, Tracer } from '../observe/index.ts'
import type { EventStore } from '../storage/index.ts'
import type { AggregateRules } from './aggregate-rules.ts'
import type { AggregateCommand } from './command-message.ts'

/** Which state of an aggregate is asked for. */
export interface LoadOptions {
  /** The state behind this version, from 1. @default the latest */
  readonly version?: number
  /** The state as it was then: a date, or milliseconds since 1970. @default now */
  readonly time?: Date | number
}

/** The state of an aggregate with where it comes from. */
export interface LoadedState<State> {
  readonly state: State
  readonly version: number
  /** The position of its last event. */
  readonly position: number
}

/** How much state of aggregates is kept in memory. */
export interface StateCacheOptions {
  /** How many aggregates at most. @default 10000 */
  readonly entries?: number
  /** How much they may take at most, roughly. @default '64mb' */
  readonly size?: Size
}

/** How a repository works. */
export interface RepositoryOptions {
  /** The states that are kept so that commands need not read; `false` keeps none. Right whatever other processes write. */
  readonly cache?: StateCacheOptions | false
  /** How often a command is decided at most when others write to the same aggregate. @default 10 */
  readonly attempts?: number
  /**
   * Freezes state, so that functions which change it fail instead of spoiling what is kept in memory.
   * @default true unless NODE_ENV is `production`
   */
  readonly freeze?: boolean
  /** Told about snapshots that cannot be written or read. @default a logger that is silent */
  readonly logger?: Logger
  /** @default the clock of the machine */
  readonly clock?: Clock
  /** Makes the spans of commands. @default the tracer `tutti.events` */
  readonly tracer?: Tracer
  /** How events are appended, such as by what keeps inline projections. @default as the storage does it */
  readonly append?: EventStore['append']
}

/** Runs aggregates on a storage. Safe with any number of repositories and processes on the same storage. */
export interface Repository extends AsyncDisposable {
  /**
   * Loads the aggregate, decides the command and appends its events. When others have written meanwhile it is decided anew, at most
   * `attempts` times; within a transaction the conflict is thrown instead. Throws `ValidationError` for data that does not fit, and
   * `ExpectedVersionError` where `expected` does not hold.
   *
   * With a `key`, a command that has written events under that key gets the first answer again. One that wrote nothing, because it was
   * rejected or changed nothing, is decided anew.
   */
  execute<Codes extends string>(command: AggregateCommand<string, Codes>): Promise<CommandResult<Codes>>
  /** The state of an aggregate, which must not be changed. Throws `AggregateNotFoundError` where there is none. */
  load<State>(aggregate: AggregateRules<State>, id: string, options?: LoadOptions): Promise<State>
  /** The state of an aggregate; `undefined` where there is none. */
  find<State>(aggregate: AggregateRules<State>, id: string, options?: LoadOptions): Promise<State | undefined>
  /** The state of an aggregate with its version and position; `undefined` where there is none. */
  inspect<State>(aggregate: AggregateRules<State>, id: string, options?: LoadOptions): Promise<LoadedState<State> | undefined>
  /** Whether an aggregate has events. */
  exists(aggregate: AggregateRules<unknown>, id: string): Promise<boolean>
  /** Waits for snapshots that are being written. The storage stays open. Idempotent. */
  close(): Promise<void>
}
