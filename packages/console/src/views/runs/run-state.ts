import type { ConsoleRun } from 'tutti/console'

export type RunState = ConsoleRun['state']

/** All states, in the order in which they are offered. */
export const runStates: readonly RunState[] = [
  'queued',
  'running',
  'waiting',
  'undoing',
  'stuck',
  'completed',
  'compensated',
  'failed',
  'compensation-failed',
  'cancelled',
]

const tones: Readonly<Record<RunState, 'plain' | 'accent' | 'good' | 'warn' | 'bad'>> = {
  queued: 'plain',
  running: 'accent',
  waiting: 'accent',
  undoing: 'warn',
  stuck: 'bad',
  completed: 'good',
  compensated: 'warn',
  failed: 'bad',
  'compensation-failed': 'bad',
  cancelled: 'plain',
}

export const toneOfState = (state: RunState): (typeof tones)[RunState] => tones[state]

/** Whether nothing more will happen to it by itself. */
export const hasEnded = (state: RunState): boolean =>
  ['completed', 'compensated', 'failed', 'compensation-failed', 'cancelled'].includes(state)
