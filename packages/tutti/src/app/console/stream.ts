import { httpError, sse, type HttpContext, type Respondable } from '../../http/index.ts'
import { toJson } from './answer.ts'
import { listOf } from './asked.ts'
import type { Feeds } from './feeds.ts'

/** News that wait for a page which does not take them. */
const mostWaiting = 200
const mostTopics = 20

interface News {
  readonly event: string
  readonly data: unknown
}

/** The stream of a page: news of the topics it asks for, until it goes or the application ends. */
export function streamOf(ctx: HttpContext, feeds: Feeds, ended: AbortSignal): Respondable {
  const topics = [...new Set(listOf(ctx, 'topics'))]
  if (topics.length === 0 || topics.length > mostTopics)
    throw httpError(
      400,
      'BAD_TOPICS',
      `The stream was asked for ${topics.length} topics; wanted 1 to ${mostTopics} in ?topics=overview,events.`,
    )
  const unknown = topics.find((topic) => !feeds.has(topic))
  if (unknown !== undefined) throw httpError(404, 'NO_SUCH_TOPIC', `There is no topic ${JSON.stringify(unknown)} here.`)
  return sse(news(topics, feeds, AbortSignal.any([ctx.signal, ended])), { heartbeat: '10s', retry: '1s' })
}

async function* news(topics: readonly string[], feeds: Feeds, end: AbortSignal): AsyncGenerator<News> {
  const waiting = new Waiting()
  using readers = new DisposableStack()
  const onEnd = (): void => waiting.wake()
  end.addEventListener('abort', onEnd)
  readers.defer(() => end.removeEventListener('abort', onEnd))
  for (const topic of topics) readers.use(feeds.read(topic, (data) => waiting.add({ event: topic, data })))
  while (!end.aborted) {
    yield* waiting.take()
    if (!end.aborted) await waiting.rest()
  }
}

/** What a page has not been sent yet: a bounded number of news, and how many were given up. */
class Waiting {
  #news: News[] = []
  readonly #dropped = new Map<string, number>()
  #resting: (() => void) | undefined

  add(one: News): void {
    if (this.#news.length < mostWaiting) this.#news.push(one)
    else this.#dropped.set(one.event, (this.#dropped.get(one.event) ?? 0) + (Array.isArray(one.data) ? one.data.length : 1))
    this.wake()
  }

  wake(): void {
    this.#resting?.()
  }

  *take(): Generator<News> {
    for (let one = this.#news.shift(); one !== undefined; one = this.#news.shift()) yield { event: one.event, data: toJson(one.data) }
    for (const [topic, count] of this.#dropped) yield { event: 'dropped', data: { topic, count } }
    this.#dropped.clear()
  }

  /** Resolves when there is something, or when it is woken. */
  async rest(): Promise<void> {
    if (this.#news.length > 0 || this.#dropped.size > 0) return
    await new Promise<void>((resolve) => (this.#resting = resolve))
    this.#resting = undefined
  }
}
