import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { App } from '../../../src/index.ts'
import { frame, open, rawSocket } from './client.ts'

it('whatever bytes come, the socket is answered or closed, and nobody else notices', async () => {
  const app = new App({ name: 't', log: { level: 'silent' } })
  const feed = app.ws(
    '/',
    { maxMessageSize: '4kb' },
    {
      message: (socket, data) => void socket.send(data),
      bytes: (socket, bytes) => void socket.sendBytes(bytes),
    },
  )
  const { url } = await app.listen(0)
  const witness = await open(url)
  const anyFrame = fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 200 }), fc.boolean())
    .map(([first, payload, masked]) => new Uint8Array(frame(first, payload, masked)))
  const bytes = fc.array(fc.oneof(anyFrame, fc.uint8Array({ maxLength: 64 })), { minLength: 1, maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(bytes, async (chunks) => {
      const { socket } = await rawSocket(url)
      socket.resume()
      for (const chunk of chunks) socket.write(chunk)
      socket.end()
      await new Promise((resolve) => socket.once('close', resolve))
      witness.send(1)
      expect(await witness.next()).toBe(1)
    }),
    { numRuns: 150 },
  )
  expect(feed.size).toBe(1)
  witness.ws.close()
  await app.stop()
})
