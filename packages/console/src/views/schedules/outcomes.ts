import type { ConsoleSchedule } from 'tutti/console'

type Outcome = ConsoleSchedule['history'][number]['outcome']

const tones: Readonly<Record<Outcome, 'plain' | 'good' | 'warn' | 'bad'>> = {
  succeeded: 'good',
  failed: 'bad',
  replaced: 'warn',
  interrupted: 'bad',
  skipped: 'plain',
  missed: 'warn',
}

export const toneOfOutcome = (outcome: Outcome): (typeof tones)[Outcome] => tones[outcome]
