import type { Logger } from '../../observe/index.ts'
import { toJson } from './answer.ts'
import type { Feed } from './feeds.ts'
import { poll } from './polling.ts'

/** What is watched for changes. */
export interface Watched {
  readonly log: Logger
  /** How often it is looked at, in milliseconds. */
  readonly every: number
  readonly look: () => Promise<unknown>
}

/** Tells that something has changed, so that pages ask again: `{}` at first, and with each change. */
export function changeFeed({ log, every, look }: Watched): Feed {
  return whenChanged({ log, every, look }, () => ({}))
}

/** Tells what something is like: at first, and with each change. */
export function valueFeed(watched: Watched): Feed {
  return whenChanged(watched, (value) => value)
}

function whenChanged({ log, every, look }: Watched, shown: (value: unknown) => unknown): Feed {
  return (tell) => {
    let before: string | undefined
    return poll({
      every,
      log,
      work: async () => {
        const value = await look()
        const now = toJson(value)
        if (now === before) return
        before = now
        tell(shown(value))
      },
    })
  }
}
