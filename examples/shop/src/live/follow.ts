import type { App } from 'tutti'
import type { Storage } from 'tutti/storage'

/** Where an application that has started keeps its events. */
export function storageOf({ storage }: App): Storage {
  if (storage === undefined) throw new Error('The shop has no storage: it has not started.')
  return storage
}

/**
 * Events of some types behind a position, and then each new one, whichever process appends it: to tell clients what happens. Every process
 * follows for its own clients, and remembers nothing; whatever must happen once belongs into `app.on`.
 */
export async function* follow(
  storage: Storage,
  { types, after, signal }: { readonly types: readonly string[]; readonly after: number; readonly signal: AbortSignal },
) {
  for (let position = after; !signal.aborted;) {
    using next = nextAppend(storage, signal)
    const page = await storage.events.page({ types, after: position, limit: 100 })
    yield* page.events
    // What was appended while the page was read has been heard of already.
    if (page.position === position) await next.come
    position = page.position
  }
}

/** Hears of the next append from now on; looks for those of other processes now and then, the more often where nobody tells of them. */
function nextAppend({ events, capabilities }: Storage, signal: AbortSignal): Disposable & { readonly come: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wake = (): void => resolve()
  const listening = events.onAppend(wake)
  const timer = setTimeout(wake, capabilities.wakesOthers ? 5_000 : 500)
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
