import { once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { App, sse } from '../../../src/index.ts'
import { RawSocket } from './raw-socket.ts'

/** What keeps the process busy, by kind. */
function busy(): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1
  return counts
}

const host = 'Host: a.example\r\n'

describe('many requests, answered and given up', () => {
  it('leave no handles, listeners or streams behind, and cause no warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    const listeners = (): number[] =>
      ['SIGTERM', 'SIGINT', 'exit', 'uncaughtException', 'unhandledRejection'].map((event) => process.listenerCount(event))
    const listenersBefore = listeners()
    const before = busy()
    let streams = 0
    let signals = 0
    const app = new App({ name: 't', log: { level: 'silent' } })
    app.get('/', ({ signal }) => String(signal.aborted))
    app.post('/echo', ({ body }) => ({ body }))
    app.get('/wait', async ({ signal }) => {
      signals++
      await once(signal, 'abort')
      signals--
      return 'gone'
    })
    app.get('/stream', () => {
      streams++
      const stream = new Readable({ read: () => {} })
      stream.push('first')
      stream.once('close', () => streams--)
      return stream
    })
    app.get('/events', ({ signal }) =>
      sse(
        (async function* () {
          streams++
          try {
            yield 'hello'
            await once(signal, 'abort')
          } finally {
            streams--
          }
        })(),
      ),
    )
    const { url } = await app.listen(0)

    const round = async (): Promise<void> => {
      const given: RawSocket[] = []
      for (let i = 0; i < 40; i++) {
        const kept = await RawSocket.open(url)
        // More than ten requests with a signal on one connection: listeners must not pile up on it.
        await kept.send(`GET / HTTP/1.1\r\n${host}\r\n`.repeat(15)).until(/(?:false[^]*){15}/)
        given.push(kept)
        const waiting = await RawSocket.open(url)
        given.push(waiting.send(`GET /wait HTTP/1.1\r\n${host}\r\n`))
        const streaming = await RawSocket.open(url)
        await streaming.send(`GET /stream HTTP/1.1\r\n${host}\r\n`).until(/first/)
        given.push(streaming)
        const events = await RawSocket.open(url)
        await events.send(`GET /events HTTP/1.1\r\n${host}\r\n`).until(/hello/)
        given.push(events)
        const uploading = await RawSocket.open(url)
        given.push(uploading.send(`POST /echo HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half"`))
      }
      await expect.poll(() => signals).toBe(40)
      expect(streams).toBe(80)
      for (const socket of given) socket.socket.resetAndDestroy()
      await expect.poll(() => [signals, streams]).toEqual([0, 0])
    }
    await round()
    await round()
    await app.stop()
    await expect.poll(() => busy()['TCPSocketWrap'] ?? 0).toBe(before['TCPSocketWrap'] ?? 0)
    await expect.poll(() => busy()['TCPServerWrap'] ?? 0).toBe(before['TCPServerWrap'] ?? 0)
    expect(listeners()).toEqual(listenersBefore)
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })

  it('leave one signal listener however many applications there are, and none when all have stopped', async () => {
    const before = process.listenerCount('SIGTERM')
    const apps = Array.from({ length: 20 }, () => new App({ name: 't', log: { level: 'silent' } }))
    for (const app of apps) await app.listen(0)
    expect(process.listenerCount('SIGTERM')).toBe(before + 1)
    for (const app of apps) await app.stop()
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })
})
