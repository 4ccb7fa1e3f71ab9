import type { App } from 'tutti'
import type { EventStore } from 'tutti/storage'

/** The log of events of an application that has started. */
export function logOf({ storage }: App): EventStore {
  if (storage === undefined) throw new Error('The shop has no storage: it has not started.')
  return storage.events
}

/**
 * Events of some types behind a position, and then each new one, whichever process appends it: to tell clients what happens. Every process
 * follows for its own clients, and remembers nothing; whatever must happen once belongs into `app.on`.
 */
export async function* follow(
  log: EventStore,
  { types, after, signal }: { readonly types: readonly string[]; readonly after: number; readonly signal: AbortSignal },
) {
  for (let position = after; !signal.aborted;) {
    using next = nextAppend(log, signal)
    const page = await log.page({ types, after: position, limit: 100 })
    yield* page.events
    // What was appended while the page was read has been heard of already.
    if (page.position === position) await next.come
    position = page.position
  }
}

/** How long appends of other processes may go unheard, where the storage does not tell of them. */
const pollEvery = 500

/** Hears of the next append from now on; resolves as well where it is time to look for oneself. */
function nextAppend(log: EventStore, signal: AbortSignal): Disposable & { readonly come: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const listening = log.onAppend(wake)
  const timer = setTimeout(wake, pollEvery)
  signal.addEventListener('abort', wake)
  return {
    come: promise,
    [Symbol.dispose]() {
      listening[Symbol.dispose]()
      clearTimeout(timer)
      signal.removeEventListener('abort', wake)
    },
  }
}
