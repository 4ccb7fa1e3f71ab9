import { request, type IncomingHttpHeaders } from 'node:http'
import { App } from '../../src/index.ts'

/** What a request that was sent as it is was answered. */
interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** An application that listens, and requests to its Console. */
export interface ConsoleClient extends AsyncDisposable {
  readonly app: App
  readonly url: string
  /** Paths begin below that of the Console. */
  get(path: string): Promise<Response>
  json(path: string): Promise<unknown>
  /** A change, as the page sends it. */
  post(path: string, body?: unknown): Promise<Response>
  /** With exactly these headers, `host` included. */
  raw(method: string, path: string, headers: Readonly<Record<string, string>>): Promise<RawAnswer>
  /** News of topics; ends with the client. */
  stream(topics: string): Promise<EventStream>
}

/** Server-sent events that have come so far. */
export interface EventStream extends AsyncDisposable {
  readonly news: readonly { readonly event: string; readonly data: unknown }[]
  readonly ended: Promise<void>
}

/** Has an application listen on a free port. */
export async function openConsole(app: App = new App({ name: 'shown', log: { level: 'silent' } })): Promise<ConsoleClient> {
  const { url } = await app.listen(0, '127.0.0.1')
  const at = (path: string): string => `${url}/console${path}`
  const get = (path: string): Promise<Response> => fetch(at(path))
  return {
    app,
    url,
    get,
    json: async (path) => {
      const response = await get(path)
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
      return response.json()
    },
    post: (path, body = {}) =>
      fetch(at(path), {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-tutti-console': '1', origin: url },
        body: JSON.stringify(body),
      }),
    raw: (method, path, headers) => rawRequest(at(path), method, headers),
    stream: (topics) => openStream(at(`/api/stream?topics=${encodeURIComponent(topics)}`)),
    [Symbol.asyncDispose]: () => app.stop(),
  }
}

function rawRequest(url: string, method: string, headers: Readonly<Record<string, string>>): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function openStream(url: string): Promise<EventStream> {
  const end = new AbortController()
  const response = await fetch(url, { signal: end.signal })
  if (response.status !== 200 || response.body === null) throw new Error(`The stream answered ${response.status}: ${await response.text()}`)
  const news: { event: string; data: unknown }[] = []
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of body) {
      text += decoder.decode(chunk, { stream: true })
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1]
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (event !== undefined && data !== undefined) news.push({ event, data: JSON.parse(data) as unknown })
      }
    }
  }
  const ended = read(response.body).catch(() => undefined)
  return {
    news,
    ended,
    [Symbol.asyncDispose]: async () => {
      end.abort()
      await ended
    },
  }
}
