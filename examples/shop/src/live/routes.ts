import { router } from 'tutti'
import * as z from 'zod'
import { customer } from '../access.ts'
import { Product } from '../catalogue/product.ts'
import { Order } from '../orders/order.ts'
import { orders } from '../orders/orders.ts'

const Watch = z.object({ action: z.enum(['watch', 'unwatch']), kind: z.enum(['product', 'order']), id: z.string().max(60) })

const News = z.union([z.object({ watching: z.array(z.string()) }), z.object({ product: Product }), z.object({ order: Order })])

export const live = router('/live', { tags: ['live'] })

const sockets = live.ws(
  '',
  { summary: 'Watch products and orders', message: Watch, send: News, deps: { orders, customer } },
  {
    message(socket, { action, kind, id }) {
      const { orders, customer } = socket.ctx.deps
      if (kind === 'order') orders.get(id, customer)
      if (action === 'watch') socket.join(`${kind}:${id}`)
      else socket.leave(`${kind}:${id}`)
      socket.send({ watching: [...socket.rooms] })
    },
  },
)

/** Tells those who watch a product what it is like now. */
export function announceProduct(product: Product): void {
  sockets.to(`product:${product.id}`).send({ product })
}

/** Tells those who watch an order what has become of it. */
export function announceOrder(order: Order): void {
  sockets.to(`order:${order.id}`).send({ order })
}
