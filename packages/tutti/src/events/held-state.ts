import type { AggregateRules } from './aggregate-rules.ts'

/** The state of a stream behind one of its events. */
export interface HeldState<State = unknown> {
  readonly aggregate: AggregateRules<State>
  readonly stream: string
  readonly state: State
  /** 0 where no event was found. */
  readonly version: number
  readonly position: number
  /** The id of the event at `version`: a stream with another one there, such as one from a backup, is not what this state is of. */
  readonly eventId: string
}

/** Freezes a state all the way down. What is frozen already is taken to be so inside, so that only what changed is walked. */
export function freezeDeep(value: unknown): void {
  // Arrays of bytes cannot be frozen.
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return
  Object.freeze(value)
  for (const key of Object.keys(value)) freezeDeep(Reflect.get(value, key))
}
