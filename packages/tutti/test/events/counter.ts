import * as z from 'zod'
import { aggregate, event, reject, type SnapshotOptions } from '../../src/events/public.ts'

/** A sum that may not become negative; `seen` counts how often the function that evolves it has run. */
export function counter(snapshot?: SnapshotOptions) {
  const seen = { evolved: 0 }
  const Counter = aggregate('counter', {
    events: { added: event(z.object({ by: z.number() })) },
    commands: { add: z.object({ by: z.number() }) },
    initial: () => ({ sum: 0 }),
    ...(snapshot && { snapshot }),
  })
    .evolve({
      added: (state, { by }) => {
        seen.evolved++
        return { sum: state.sum + by }
      },
    })
    .decide({
      add: (state, { by }, emit) => {
        if (by === 0) return undefined
        return state.sum + by < 0 ? reject('NEGATIVE', { sum: state.sum }) : emit.added({ by })
      },
    })
  return { Counter, seen, add: (by: number, options = {}) => Counter.commands.add('c', { by }, options) }
}
