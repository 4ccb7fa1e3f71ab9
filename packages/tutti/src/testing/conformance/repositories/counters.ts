import {
  aggregate,
  event,
  openRepository,
  reject,
  type CommandOptions,
  type Repository,
  type RepositoryOptions,
  type SnapshotOptions,
} from '../../../events/index.ts'
import type { Storage } from '../../../storage/index.ts'
import { passThrough } from '../pass-through.ts'

interface Amount {
  readonly by: number
}

/** A sum that may not become negative, and is opened before anything is added. */
export interface Counted {
  readonly isOpen: boolean
  readonly sum: number
}

/** An aggregate of one case alone; `evolved` says how often an event was applied. */
export function counters(name: string, snapshot?: SnapshotOptions) {
  const seen = { evolved: 0 }
  const Counter = aggregate(name.replace('-', '_'), {
    events: { opened: event(passThrough<object>()), added: event(passThrough<Amount>()) },
    commands: { open: passThrough<object>(), add: passThrough<Amount>() },
    initial: (): Counted => ({ isOpen: false, sum: 0 }),
    ...(snapshot && { snapshot }),
  })
    .evolve({
      opened: (state) => {
        seen.evolved++
        return { ...state, isOpen: true }
      },
      added: (state, { by }) => {
        seen.evolved++
        return { ...state, sum: state.sum + by }
      },
    })
    .decide({
      open: ({ isOpen }, _, emit) => (isOpen ? reject('OPEN_ALREADY') : emit.opened({})),
      add: ({ sum }, { by }, emit) => {
        if (by === 0) return undefined
        return sum + by < 0 ? reject('NEGATIVE', { sum }) : emit.added({ by })
      },
    })
  return {
    Counter,
    seen,
    stream: Counter.stream('c'),
    open: (options: CommandOptions = {}) => Counter.commands.open('c', {}, options),
    add: (by: number, options: CommandOptions = {}) => Counter.commands.add('c', { by }, options),
  }
}

/** A repository that goes on deciding however often others are faster. */
export function repositoryOf(storage: Storage, options: RepositoryOptions = {}): Promise<Repository> {
  return openRepository(storage, { attempts: 1000, ...options })
}
