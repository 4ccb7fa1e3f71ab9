import { App, router, type AppOptions } from 'tutti'
import { Order } from './order.ts'
import { Revenue } from './revenue.ts'

const orders = router('/orders', { tags: ['orders'] })
orders.post('/:id', { body: Order.commands.place.schema }, ({ params, body, send }) => send(Order.commands.place(params.id, body)))
orders.post('/:id/payment', { body: Order.commands.pay.schema }, ({ params, body, send }) => send(Order.commands.pay(params.id, body)))
orders.get('/:id', ({ params, load }) => load(Order, params.id))

export default function createApp(options: AppOptions = {}): App {
  return new App({ name: 'APP_NAME', ...options })
    .use(Order, Revenue, orders)
    .get('/revenue', async ({ view }) => (await view(Revenue).get('all')) ?? { total: 0 })
}
