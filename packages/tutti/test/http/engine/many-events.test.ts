import { once, setMaxListeners } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { App, sse } from '../../../src/index.ts'

const clients = 1000

describe('a thousand clients of an event stream', () => {
  it('get each event as it comes and heartbeats, and leave nothing behind when they go', async () => {
    const news = new EventTarget()
    setMaxListeners(0, news)
    let open = 0
    const app = new App({ name: 't', log: { level: 'silent' } })
    app.get('/events', ({ signal }) =>
      sse(
        (async function* () {
          open++
          try {
            while (!signal.aborted) {
              const wait = new AbortController()
              const stop = (): void => wait.abort()
              signal.addEventListener('abort', stop, { once: true })
              const event: unknown = await Promise.race([
                once(news, 'event', { signal: wait.signal }),
                once(signal, 'abort', { signal: wait.signal }),
              ]).catch(() => undefined)
              signal.removeEventListener('abort', stop)
              wait.abort()
              if (event !== undefined && !signal.aborted) yield { event: 'news', data: 'something happened' }
            }
          } finally {
            open--
          }
        })(),
        { heartbeat: '300ms' },
      ),
    )
    const { port } = await app.listen(0)
    const texts: string[] = []
    const sockets: Socket[] = []
    for (let i = 0; i < clients; i++) {
      const socket = connect({ host: '127.0.0.1', port })
      texts.push('')
      socket.setEncoding('utf8').on('data', (text: string) => (texts[i] += text))
      socket.on('error', () => {})
      socket.write('GET /events HTTP/1.1\r\nHost: a.example\r\n\r\n')
      sockets.push(socket)
    }
    const having = (pattern: RegExp): number => texts.filter((text) => pattern.test(text)).length
    await expect.poll(() => open).toBe(clients)
    for (let round = 1; round <= 3; round++) {
      news.dispatchEvent(new Event('event'))
      await expect.poll(() => having(new RegExp(`(?:event: news\\ndata: something happened\\n\\n[^]*){${round}}`))).toBe(clients)
    }
    await expect.poll(() => having(/something happened[^]*\n:\n\n/)).toBe(clients)
    for (const socket of sockets) socket.destroy()
    await expect.poll(() => open).toBe(0)
    await app.stop()
  })
})
