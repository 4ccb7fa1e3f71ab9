import type { ConsoleProjection } from 'tutti/console'

const tones: Readonly<Record<ConsoleProjection['state'], 'plain' | 'accent' | 'good' | 'warn' | 'bad'>> = {
  running: 'good',
  rebuilding: 'accent',
  failing: 'bad',
  paused: 'warn',
  stopped: 'bad',
  waiting: 'plain',
}

export const toneOfProjection = (state: ConsoleProjection['state']): (typeof tones)[ConsoleProjection['state']] => tones[state]

/** How much of the log it has handled, from 0 to 1. */
export function progressOf(position: number, head: number): number {
  return head === 0 ? 1 : Math.min(1, Math.max(0, position / head))
}
