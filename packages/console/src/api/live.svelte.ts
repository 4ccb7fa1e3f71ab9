import type {
  ConsoleDropped,
  ConsoleEvent,
  ConsoleLog,
  ConsoleOverview,
  ConsoleRunDetail,
  ConsoleTopic,
  ConsoleTrace,
  ConsoleTraffic,
} from 'tutti/console'
import { nextDelay } from './back-off.ts'

interface Carried {
  readonly overview: ConsoleOverview
  readonly logs: readonly ConsoleLog[]
  readonly traces: readonly ConsoleTrace[]
  readonly events: readonly ConsoleEvent[]
  readonly traffic: ConsoleTraffic
}

type RunTopic = `run:${string}/${string}`

/** What the stream carries for a topic; topics that carry nothing mean: ask again. */
export type Carries<T extends ConsoleTopic | RunTopic> = T extends keyof Carried
  ? Carried[T]
  : T extends RunTopic
    ? ConsoleRunDetail
    : unknown

interface Follower {
  readonly topic: string
  readonly take: (text: string) => void
  readonly again: (() => void) | undefined
}

export type Connection = 'connecting' | 'live' | 'lost'

/** The one stream of the page: it carries the topics that somebody follows, and comes back by itself when it breaks. */
class Live {
  connection = $state<Connection>('connecting')
  /** How many messages of a topic were left out because the page could not keep up. */
  dropped = $state<Readonly<Record<string, number>>>({})
  readonly #followers = new Set<Follower>()
  #source: EventSource | undefined
  #topics = ''
  #attempt = 0
  #wasLost = false
  #planned: ReturnType<typeof setTimeout> | undefined

  constructor() {
    addEventListener('online', () => this.#open())
  }

  /** Follows a topic until the returned function is called. `again` is called when the stream is back after a break: ask for what was missed. */
  follow<T extends ConsoleTopic | RunTopic>(topic: T, take: (data: Carries<T>) => void, again?: () => void): () => void {
    const follower: Follower = { topic, take: (text) => take(JSON.parse(text)), again }
    this.#followers.add(follower)
    this.#plan(0)
    return () => {
      this.#followers.delete(follower)
      this.#plan(0)
    }
  }

  #plan(delay: number): void {
    clearTimeout(this.#planned)
    this.#planned = setTimeout(() => this.#open(), delay)
  }

  #open(): void {
    const topics = [...new Set([...this.#followers].map(({ topic }) => topic))].toSorted()
    const wanted = topics.join(',')
    if (wanted === this.#topics && this.#source !== undefined) return
    clearTimeout(this.#planned)
    this.#source?.close()
    this.#source = undefined
    this.#topics = wanted
    if (wanted === '') return
    const source = new EventSource(new URL(`api/stream?topics=${encodeURIComponent(wanted)}`, document.baseURI))
    this.#source = source
    source.onopen = () => this.#opened()
    source.onerror = () => this.#lost(source)
    source.addEventListener('dropped', (event) => this.#count(JSON.parse(event.data)))
    for (const topic of topics) source.addEventListener(topic, (event) => this.#hand(topic, event.data))
  }

  #opened(): void {
    this.connection = 'live'
    this.#attempt = 0
    if (!this.#wasLost) return
    this.#wasLost = false
    for (const { again } of this.#followers) again?.()
  }

  #lost(source: EventSource): void {
    // Its own way of coming back gives up on some answers, and knows no growing pauses.
    source.close()
    if (source !== this.#source) return
    this.#source = undefined
    this.connection = 'lost'
    this.#wasLost = true
    this.#plan(nextDelay(this.#attempt++))
  }

  #hand(topic: string, text: string): void {
    for (const follower of this.#followers) if (follower.topic === topic) follower.take(text)
  }

  #count({ topic, count }: ConsoleDropped): void {
    this.dropped = { ...this.dropped, [topic]: (this.dropped[topic] ?? 0) + count }
  }
}

export const live = new Live()
