import { systemClock } from '../../kernel/index.ts'
import type { TelemetryStore } from '../../telemetry/index.ts'
import type { ConsoleLog } from './contract.ts'
import type { Feed } from './feeds.ts'

/** How long news are gathered before they are told, in milliseconds. */
const pause = 300
/** How many are told at a time; of more, the latest. */
const most = 500

/** Tells log lines as they are written. */
export function logFeed(store: TelemetryStore): Feed {
  return (tell) => {
    const batch = new Batch<ConsoleLog>(tell)
    return batch.from(store.watch({ logs: (logs) => batch.add(logs) }))
  }
}

/** Tells traces of which spans have ended, each again when more of them have. */
export function traceFeed(store: TelemetryStore): Feed {
  return (tell) => {
    // Their spans may have come in several parts: the store knows them together.
    const batch = new Batch<string>((ids) => tell(ids.length === 0 ? [] : store.traces({ ids: [...new Set(ids)], limit: most }).items))
    return batch.from(store.watch({ spans: (spans) => batch.add(spans.map(({ traceId }) => traceId)) }))
  }
}

/** Gathers news, so that a page is told a few times a second at most. */
class Batch<T> {
  readonly #tell: (items: readonly T[]) => void
  #items: T[] = []
  #timer: ReturnType<typeof systemClock.setTimeout> | undefined

  /** `[]` says at once that somebody listens. */
  constructor(tell: (items: readonly T[]) => void) {
    this.#tell = tell
    this.#arm()
  }

  add(items: readonly T[]): void {
    this.#items.push(...items)
    if (this.#items.length > most) this.#items.splice(0, this.#items.length - most)
    if (items.length > 0) this.#arm()
  }

  /** What ends the gathering together with its source. */
  from(source: Disposable): Disposable {
    return {
      [Symbol.dispose]: () => {
        source[Symbol.dispose]()
        this.#timer?.cancel()
      },
    }
  }

  #arm(): void {
    this.#timer ??= systemClock
      .setTimeout(() => {
        this.#timer = undefined
        this.#tell(this.#items)
        this.#items = []
      }, pause)
      .unref()
  }
}
