import { accessLog, App, compress, cors, module, rateLimit, requestId, securityHeaders, type AppOptions } from 'tutti'
import { stockUp } from './catalogue/assortment.ts'
import { catalogue, SearchCatalogue, searchCatalogue } from './catalogue/catalogue.ts'
import { pictures } from './catalogue/pictures.ts'
import { Product } from './catalogue/product.ts'
import { catalogueRouter } from './catalogue/routes.ts'
import { Customer } from './customers/customer.ts'
import { customersRouter } from './customers/routes.ts'
import { availability } from './inventory/availability.ts'
import { inventoryRouter } from './inventory/routes.ts'
import { Stock } from './inventory/stock.ts'
import { orderFeed } from './live/order-feed.ts'
import { sockets } from './live/sockets.ts'
import { fulfil } from './fulfilment/fulfil.ts'
import { fulfilmentRouter } from './fulfilment/routes.ts'
import { confirmationMail } from './orders/confirmation-mail.ts'
import { Order } from './orders/order.ts'
import { ListOrders, listOrders, orderList } from './orders/order-list.ts'
import { ordersRouter } from './orders/routes.ts'
import { Payment } from './payments/payment.ts'
import { config, storage } from './settings.ts'

/** The shop, not started yet. */
export function createShop(options: AppOptions = {}): App {
  const app = new App({
    name: 'shop',
    config,
    ...(storage !== undefined && { storage }),
    docs: {
      info: { title: 'Shop', version: '1.0.0', description: 'The example of Tutti: a catalogue, an inventory and orders.' },
      securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' } },
    },
    ...options,
  })
  app.use(
    accessLog(),
    requestId(),
    securityHeaders(),
    cors({ exposedHeaders: ['etag', 'location', 'x-request-id'] }),
    compress(),
    // What comes by `app.fetch` comes from within, and has no address.
    rateLimit({ limit: 600, per: '1m', skip: ({ ip }) => ip === '' }),
  )
  app.use(
    module('catalogue', [Product, catalogue, catalogueRouter, pictures]),
    module('inventory', [Stock, availability, inventoryRouter]),
    module('customers', [Customer, customersRouter]),
    module('orders', [Order, orderList, ordersRouter, confirmationMail]),
    module('fulfilment', [Payment, fulfil, fulfilmentRouter]),
    module('live', [orderFeed, sockets]),
  )
  app.handle(SearchCatalogue, searchCatalogue)
  app.handle(ListOrders, listOrders)
  app.onStart(stockUp)
  return app
}
