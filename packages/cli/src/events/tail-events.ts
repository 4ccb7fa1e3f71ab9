import type { EventPage, ReadAllOptions, RecordedEvent, Storage } from 'tutti/storage'

/** How often is looked where nobody tells of new events, in milliseconds. */
const interval = 500

/** The events behind a position, and then those that come, until the signal fires. */
export async function* tailEvents(storage: Storage, filter: ReadAllOptions, signal: AbortSignal): AsyncGenerator<RecordedEvent> {
  let after = filter.after ?? (await storage.events.head())
  let wake = Promise.withResolvers<void>()
  const stir = (): void => wake.resolve()
  signal.addEventListener('abort', stir)
  using _listener = storage.events.onAppend(stir)
  try {
    while (!signal.aborted) {
      const { promise } = wake
      const page: EventPage = await storage.events.page({ ...filter, after, limit: 500 })
      after = page.position
      yield* page.events
      if (page.events.length > 0) continue
      const timer = setTimeout(stir, interval)
      await promise
      clearTimeout(timer)
      wake = Promise.withResolvers()
    }
  } finally {
    signal.removeEventListener('abort', stir)
  }
}
