import { retry, type App, type Plugin } from 'tutti'
import * as z from 'zod'
import { customer } from '../access.ts'
import { Product } from '../catalogue/product.ts'
import { findProduct, ProductView } from '../catalogue/product-view.ts'
import { Stock } from '../inventory/stock.ts'
import { Order } from '../orders/order.ts'
import { OrderView, viewOrder, viewOwnOrder } from '../orders/order-view.ts'
import { idOf } from '../stream-id.ts'
import { follow, storageOf } from './follow.ts'

const Watch = z.object({ action: z.enum(['watch', 'unwatch']), kind: z.enum(['product', 'order']), id: z.string().max(60) })

const News = z.union([z.object({ watching: z.array(z.string()) }), z.object({ product: ProductView }), z.object({ order: OrderView })])

/** A WebSocket that tells those who watch a product or an order of theirs what becomes of it. */
export const sockets: Plugin = {
  name: 'sockets',
  setup(app) {
    const live = app.ws(
      '/live',
      { summary: 'Watch products and orders', tags: ['live'], message: Watch, send: News, deps: { customer } },
      {
        async message(socket, { action, kind, id }) {
          if (kind === 'order') await viewOwnOrder(socket.ctx, { id, ...socket.ctx.deps })
          if (action === 'watch') socket.join(`${kind}:${id}`)
          else socket.leave(`${kind}:${id}`)
          socket.send({ watching: [...socket.rooms] })
        },
      },
    )
    tellNews(app, async (kind, id) => {
      const room = `${kind}:${id}`
      if (live.sockets(room).length === 0) return
      if (kind === 'order') return live.to(room).send({ order: await viewOrder(app, id) })
      const product = await findProduct(app, id)
      return product && live.to(room).send({ product })
    })
  },
}

const types = [Product, Stock, Order].flatMap(({ events }) => Object.values(events).map(({ type }) => type))

/** Follows the log as long as the application runs. Every process does so for its own sockets. */
function tellNews(app: App, tell: (kind: 'product' | 'order', id: string) => Promise<unknown>): void {
  const stop = new AbortController()
  const { signal } = stop
  let telling: Promise<unknown> | undefined
  app.onReady(async () => {
    const storage = storageOf(app)
    let after = await storage.events.head()
    const run = async (): Promise<void> => {
      for await (const event of follow(storage, { types, after, signal })) {
        await tell(event.type.startsWith('order.') ? 'order' : 'product', idOf(event))
        after = event.position
      }
    }
    // The storage may be away for a while; what happened meanwhile is told then.
    telling = retry(run, { attempts: Infinity, maxDelay: '5s', signal }).catch(() => undefined)
  }, 'live news')
  app.onStop(async () => {
    stop.abort()
    await telling
  }, 'live news')
}
