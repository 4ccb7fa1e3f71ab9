import type { ConsoleDeadLetter } from 'tutti/console'
import { href } from '../../shell/routing.ts'

/** What a dead letter comes from, as far as it tells. */
export interface LetterOrigin {
  /** What the message carried. */
  readonly data: unknown
  /** Of the event. */
  readonly position: number | undefined
  /** The view that shows whose it is. */
  readonly link: string | undefined
}

export function originOf({ kind, of, id, original }: ConsoleDeadLetter): LetterOrigin {
  const position = memberOf(original, 'position')
  const message = memberOf(original, 'message')
  return {
    data: memberOf(original, 'data') ?? memberOf(message, 'data'),
    position: kind === 'projection' && typeof position === 'number' ? position : undefined,
    link: kind === 'run' ? href(['runs', of, id]) : kind === 'projection' ? href(['projections', of]) : href(['topics']),
  }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
