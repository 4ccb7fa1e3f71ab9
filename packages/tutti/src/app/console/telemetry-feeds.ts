import { systemClock } from '../../kernel/index.ts'
import type { SpanRecord } from '../../observe/index.ts'
import type { TelemetryStore } from '../../telemetry/index.ts'
import type { ConsoleLog, ConsoleTrace } from './contract.ts'
import type { Feed, Tell } from './feeds.ts'

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

/** Tells traces when their first span has ended. */
export function traceFeed(store: TelemetryStore): Feed {
  return (tell) => {
    const batch = new Batch<ConsoleTrace>(tell)
    return batch.from(store.watch({ spans: (spans) => batch.add(tracesOf(spans)) }))
  }
}

/** The traces of which spans are the first ones, as far as those spans tell. */
function tracesOf(spans: readonly SpanRecord[]): readonly ConsoleTrace[] {
  return [...Map.groupBy(spans, ({ traceId }) => traceId)].flatMap(([traceId, own]) => {
    const first = own.find(({ parentId }) => parentId === undefined)
    if (first === undefined) return []
    const end = Math.max(...own.map(({ start, duration }) => start + duration))
    const errors = own.filter(({ status }) => status === 'error').length
    return { traceId, name: first.name, start: first.start, duration: end - first.start, spans: own.length, errors }
  })
}

/** Gathers news, so that a page is told a few times a second at most. */
class Batch<T> {
  readonly #tell: Tell
  #items: T[] = []
  #timer: ReturnType<typeof systemClock.setTimeout> | undefined

  /** `[]` says at once that somebody listens. */
  constructor(tell: Tell) {
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
