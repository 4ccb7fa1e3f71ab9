import * as z from 'zod'
import { App, dependency, router } from '../../../src/index.ts'
import type { WsRoute, WsSocket } from '../../../src/http/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function same<A, B>(_: Same<A, B>): void {}

const app = new App()
const db = dependency('db', () => ({ rows: [1, 2] }))

const chat = app.ws(
  '/rooms/:room',
  {
    message: z.object({ text: z.string(), at: z.coerce.date() }),
    send: z.object({ from: z.string(), text: z.string() }),
    query: z.object({ since: z.coerce.number() }),
    deps: { db },
    data: async () => ({ count: 0, names: [] as string[] }),
  },
  {
    open(socket) {
      same<typeof socket.data, { count: number; names: string[] }>(true)
      same<typeof socket.ctx.query, { since: number }>(true)
      same<typeof socket.ctx.deps.db, { rows: number[] }>(true)
      const room: string = socket.ctx.params.room
      socket.join(room)
      // @ts-expect-error: the path has no such parameter
      void socket.ctx.params.other
    },
    message(socket, data) {
      same<typeof data, { text: string; at: Date }>(true)
      socket.data.count += 1
      socket.send({ from: socket.id, text: data.text })
      socket.to('1').send({ from: 'x', text: 'y' })
      // @ts-expect-error: not what the route sends
      socket.send({ text: 'x' })
      // @ts-expect-error: not what the route sends
      socket.to('1').send('x')
    },
    bytes(_, bytes) {
      same<typeof bytes, Uint8Array>(true)
    },
    close(_, closed) {
      same<typeof closed.code, number>(true)
    },
  },
)
chat.broadcast({ from: 'server', text: 'hello' })
chat.to('1').send({ from: 'server', text: 'hello' })
// @ts-expect-error: not what the route sends
chat.broadcast({ from: 1, text: 'hello' })
// @ts-expect-error: not what the route sends
chat.to('1').send(null)
for (const socket of chat.sockets()) {
  same<typeof socket.data.count, number>(true)
  socket.send({ from: 'server', text: socket.ctx.params.room })
}

app.ws(
  '/text',
  { format: 'text' },
  {
    message(socket, text) {
      same<typeof text, string>(true)
      socket.send(text)
      // @ts-expect-error: text routes send text
      socket.send({})
    },
  },
)

app.ws('/any', {
  message(socket, data) {
    same<typeof data, unknown>(true)
    same<typeof socket.data, undefined>(true)
    socket.send({ whatever: data })
  },
})

const nested = router('/teams/:team').ws('/feed/:id', { open: (socket) => void [socket.ctx.params.team, socket.ctx.params.id] })
const handle: WsRoute<unknown> = app.ws('/handle', {})
nested.broadcast(handle.size)

// @ts-expect-error: no such option
app.ws('/wrong', { mesage: z.string() }, {})
// @ts-expect-error: no such handler
app.ws('/wrong', {}, { onMessage() {} })
// @ts-expect-error: no such choice
app.ws('/wrong', { onBacklog: 'wait' }, {})

/** Handlers can be written apart. */
export function greet(socket: WsSocket<{ readonly from: string; readonly text: string }, unknown, unknown>): void {
  socket.send({ from: 'server', text: 'hi' })
}
app.ws('/apart', { send: z.object({ from: z.string(), text: z.string() }) }, { open: greet })
