import type { Logger } from '../../observe/index.ts'
import type { Storage } from '../../storage/index.ts'
import type { ConsoleEvent } from './contract.ts'
import { shownEvent } from './event-list.ts'
import type { Feed } from './feeds.ts'
import { poll } from './polling.ts'

/** Events that are told at a time; of more, the latest. */
const mostEvents = 200
/** How often it looks, in milliseconds: what comes in between is told together. */
const every = 400

/** Tells events that are appended from now on, by any process; `[]` at first, to say that it listens. */
export function eventFeed(storage: Storage, log: Logger): Feed {
  return (tell) => {
    const { events } = storage
    let position: number | undefined
    return poll({
      every,
      log,
      work: async () => {
        const head = await events.head()
        if (position === undefined) tell([])
        const after = position ?? head
        position = Math.max(after, head)
        if (head <= after) return
        const latest: ConsoleEvent[] = []
        for await (const event of events.readAll({ backwards: true, archived: true, limit: mostEvents, after: head + 1 })) {
          if (event.position <= after) break
          latest.push(shownEvent(event))
        }
        if (latest.length > 0) tell(latest.toReversed())
      },
    })
  }
}
