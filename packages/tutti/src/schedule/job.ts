import type { ErrorFacts } from '../kernel/index.ts'
import type { Document } from '../storage/index.ts'
import type { StoredContext } from './stored-context.ts'

/** A command as it is stored until it is sent. */
export interface StoredCommand {
  readonly name: string
  /** Whatever can be stored: JSON, dates, bigints and bytes. */
  readonly input: unknown
}

/** `waiting` for its time or its next attempt; `running`; `done`; `failed`: all attempts did, and nothing happens any more by itself. */
export type JobState = 'waiting' | 'running' | 'done' | 'failed'

/** A command that is sent at its time, once. */
export interface Job {
  readonly id: string
  readonly command: StoredCommand
  readonly state: JobState
  /** When it is sent, or sent again; of a job that ended, when it is forgotten. */
  readonly due: Date
  readonly createdAt: Date
  readonly endedAt: Date | undefined
  /** How often it was begun. */
  readonly attempts: number
  /** Why the last attempt failed. */
  readonly error: ErrorFacts | undefined
}

/** A job as it is stored. Times in milliseconds since 1970. */
export interface JobValue {
  readonly command: StoredCommand
  readonly context: StoredContext | undefined
  readonly createdAt: number
  readonly endedAt?: number
  /** How many claims were no attempts. */
  readonly spared: number
  readonly error?: ErrorFacts
}

/** The collection of the jobs. Their documents have the status `waiting`, `done` or `failed`. */
export const jobCollection = 'later'

/** The key of a job's document. */
export function jobKey(id: string): string {
  return `${jobCollection}/${id}`
}

/** The id of a job by its document's key. */
export function jobId(key: string): string {
  return key.slice(jobCollection.length + 1)
}

/** A job as applications see it. */
export function toJob({ key, value, status, due = 0, epoch, leaseUntil = 0 }: Document<JobValue>, now: number): Job {
  const { command, createdAt, endedAt, spared, error } = value
  const ended = status === 'done' || status === 'failed'
  return {
    id: jobId(key),
    command,
    state: ended ? status : leaseUntil > now ? 'running' : 'waiting',
    due: new Date(due),
    createdAt: new Date(createdAt),
    endedAt: endedAt === undefined ? undefined : new Date(endedAt),
    attempts: epoch - spared,
    error,
  }
}
