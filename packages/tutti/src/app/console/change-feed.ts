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

/**
 * Tells that something has changed, so that pages ask again: `{}` at first, with each change, and once more with the next look. What a page
 * was answered between two looks may be over with the second, and then neither of them has seen it.
 */
export function changeFeed({ log, every, look }: Watched): Feed {
  return (tell) => {
    let before: string | undefined
    let isNews = false
    const work = async (): Promise<void> => {
      const now = toJson(await look())
      const wasNews = isNews
      isNews = now !== before
      before = now
      if (isNews || wasNews) tell({})
    }
    return poll({ every, log, work })
  }
}

/** Tells what something is like: at first, and with each change. */
export function valueFeed({ log, every, look }: Watched): Feed {
  return (tell) => {
    let before: string | undefined
    const work = async (): Promise<void> => {
      const value = await look()
      const now = toJson(value)
      if (now === before) return
      before = now
      tell(value)
    }
    return poll({ every, log, work })
  }
}
