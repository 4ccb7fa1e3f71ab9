import { accessLog, App, compress, cors, module, rateLimit, requestId, securityHeaders, type AppOptions } from 'tutti'
import { pictures } from './catalogue/pictures.ts'
import { catalogue } from './catalogue/routes.ts'
import { live } from './live/routes.ts'
import { ordersRouter } from './orders/routes.ts'
import { config } from './settings.ts'

/** The shop, not started yet. */
export function createShop(options: AppOptions = {}): App {
  const app = new App({
    name: 'shop',
    config,
    docs: {
      info: { title: 'Shop', version: '1.0.0', description: 'The example of Tutti: a catalogue and orders.' },
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
    rateLimit({ limit: 600, per: '1m' }),
  )
  app.use(module('catalogue', [catalogue, pictures]), module('orders', [ordersRouter]), module('live', [live]))
  return app
}
