import { App, router, type AppOptions } from 'tutti'
import { config } from './config.ts'
import { Fulfilment } from './fulfilment.ts'
import { Order } from './order.ts'
import { Revenue } from './revenue.ts'

const orders = router('/orders', { tags: ['orders'] })
orders.post('/:id', { body: Order.commands.place.schema }, ({ params, body, send }) => send(Order.commands.place(params.id, body)))
orders.post('/:id/payment', { body: Order.commands.pay.schema }, ({ params, body, send }) => send(Order.commands.pay(params.id, body)))
orders.get('/:id', ({ params, load }) => load(Order, params.id))
orders.get('/:id/fulfilment', async ({ params, getRun }) => {
  const { state, output } = await getRun(Fulfilment, `order-${params.id}`).status()
  return { state, output }
})

export default function createApp(options: AppOptions = {}): App {
  const app = new App({ name: 'APP_NAME', config, ...options })
    .use(Order, Revenue, Fulfilment, orders)
    .get('/revenue', async ({ view }) => (await view(Revenue).get('all')) ?? { total: 0 })
  return app.cron('nightly-report', app.config.reportTime, async ({ log, view }) => {
    log.info('The revenue so far', await view(Revenue).get('all'))
  })
}
