import { afterEach, describe, expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { closeCode, dropRawSockets, frame, handshake, open, rawSocket, until } from './client.ts'

let app: App
const closings: { code: number; reason: string }[] = []
const messages: unknown[] = []

async function start(options: object = {}): Promise<string> {
  app = new App({ name: 't', log: { level: 'silent' } })
  app.ws(
    '/',
    { format: 'text', ...options },
    {
      message: (_, text) => void messages.push(text),
      bytes: (_, bytes) => void messages.push(bytes),
      close: (_, closed) => void closings.push(closed),
    },
  )
  return (await app.listen(0)).url
}

afterEach(async () => {
  dropRawSockets()
  await app.stop()
  closings.length = 0
  messages.length = 0
})

describe('frames', () => {
  it('in fragments are put together, with pings in between', async () => {
    const { socket } = await rawSocket(await start())
    socket.write(frame(0x01, 'one '))
    socket.write(frame(0x89, 'ping'))
    const [pong] = await new Promise<[Buffer]>((resolve) => socket.once('data', (data: Buffer) => resolve([data])))
    expect(pong).toEqual(frame(0x8a, 'ping', false))
    socket.write(frame(0x00, 'two '))
    socket.write(frame(0x80, 'three'))
    await until(() => messages.length === 1)
    expect(messages).toEqual(['one two three'])
  })

  it('that come byte by byte, or with the handshake, are read', async () => {
    const { socket } = await rawSocket(await start())
    for (const byte of frame(0x81, 'slow')) socket.write(Buffer.from([byte]))
    await until(() => messages.length === 1)
    expect(messages).toEqual(['slow'])
  })

  it.each([
    ['text that is not UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
    ['half a character in the last fragment', Buffer.concat([frame(0x01, 'a'), frame(0x80, Buffer.from([0xe2, 0x82]))]), 1007],
    ['no mask', frame(0x81, 'x', false), 1002],
    ['an unknown opcode', frame(0x83, 'x'), 1002],
    ['a reserved bit', frame(0xc1, 'x'), 1002],
    ['a continuation of nothing', frame(0x80, 'x'), 1002],
    ['a message within a message', Buffer.concat([frame(0x01, 'x'), frame(0x81, 'x')]), 1002],
    ['a fragmented ping', frame(0x09, 'x'), 1002],
    ['a ping of 126 bytes', frame(0x89, Buffer.alloc(126)), 1002],
    ['a close code that must not be sent', frame(0x88, Buffer.from([1005 >> 8, 1005 & 255])), 1002],
    ['a close reason that is not UTF-8', frame(0x88, Buffer.from([3, 232, 0xc3, 0x28])), 1007],
    ['an announced length beyond the limit', Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0]), 1009],
    ['an announced length beyond any number', Buffer.from([0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]), 1009],
  ])('that are malformed close the socket: %s', async (_, bytes, code) => {
    const { socket } = await rawSocket(await start())
    const answered = closeCode(socket)
    socket.write(bytes)
    expect(await answered).toBe(code)
    socket.destroy()
    await until(() => closings.length === 1)
    expect(closings[0]?.code).toBe(code)
    expect(messages).toEqual([])
  })

  it('larger than the limit close the socket with 1009, in one piece or many', async () => {
    const url = await start({ maxMessageSize: '1kb' })
    const whole = await open(url)
    whole.ws.send('x'.repeat(1024))
    await until(() => messages.length === 1)
    whole.ws.send('x'.repeat(1025))
    expect((await whole.closed).code).toBe(1009)
    const { socket } = await rawSocket(url)
    const answered = closeCode(socket)
    for (let i = 0; i < 11; i++) socket.write(frame(i === 0 ? 0x01 : 0x00, 'x'.repeat(100)))
    expect(await answered).toBe(1009)
    expect(messages).toHaveLength(1)
  })

  it('of a client that disappears in the middle of a message are dropped', async () => {
    const { socket } = await rawSocket(await start())
    socket.write(frame(0x81, 'whole'))
    socket.write(frame(0x81, 'never whole').subarray(0, 9))
    await until(() => messages.length === 1)
    socket.destroy()
    await until(() => closings.length === 1)
    expect([messages, closings]).toEqual([['whole'], [{ code: 1006, reason: '' }]])
  })
})

describe('close codes', () => {
  it('are passed on in both directions', async () => {
    const url = await start()
    const cases: readonly (readonly [send: [code?: number, reason?: string], code: number, reason: string])[] = [
      [[], 1005, ''],
      [[1000, 'done'], 1000, 'done'],
      [[4321, 'schön'], 4321, 'schön'],
    ]
    for (const [send, code, reason] of cases) {
      const client = await open(url)
      client.ws.close(...send)
      await until(() => closings.length === 1)
      expect(closings.pop()).toEqual({ code, reason })
    }
  })

  it('of the server are checked, and end with the answer of the client', async () => {
    const problems: unknown[] = []
    app = new App({ name: 't', log: { level: 'silent' } })
    app.ws('/', {
      open(socket) {
        for (const [code, reason] of [[1005], [1006], [999], [5000], [1000, 'x'.repeat(124)]] as const) {
          try {
            socket.close(code, reason)
          } catch (error) {
            problems.push((error as { code: string }).code)
          }
        }
        socket.send('last')
        socket.close(4001, 'enough')
        expect([socket.isOpen, socket.send('too late'), socket.sendBytes(new Uint8Array(1))]).toEqual([false, false, false])
        socket.close(4002)
      },
      message: () => void messages.push('a message after the end'),
      close: (_, closed) => void closings.push(closed),
    })
    const client = await open((await app.listen(0)).url)
    client.send(1)
    expect(await client.next()).toBe('last')
    expect(await client.closed).toEqual({ code: 4001, reason: 'enough' })
    await until(() => closings.length === 1)
    expect(closings).toEqual([{ code: 4001, reason: 'enough' }])
    expect(problems).toEqual(Array.from({ length: 5 }, () => 'TUTTI_OPTION_INVALID'))
    expect(messages).toEqual([])
  })
})

describe('compression', () => {
  it('is off unless the route says otherwise', async () => {
    const client = await open(await start(), { perMessageDeflate: true })
    expect(client.ws.extensions).toBe('')
  })

  it('keeps the limits of messages where it is on', async () => {
    const client = await open(await start({ compress: true, maxMessageSize: '64kb' }), { perMessageDeflate: true })
    expect(client.ws.extensions).toBe('permessage-deflate')
    client.ws.send('x'.repeat(60_000))
    await until(() => messages.length === 1)
    expect(messages).toEqual(['x'.repeat(60_000)])
    client.ws.send('x'.repeat(10_000_000))
    expect((await client.closed).code).toBe(1009)
  })

  it('answers an offer that makes no sense with 400', async () => {
    const url = await start({ compress: true })
    const { head } = await rawSocket(url, [...handshake, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99'])
    expect(head).toMatch(/^HTTP\/1\.1 400 [^]*TUTTI_HANDSHAKE_INVALID/)
  })
})
