import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { validator } from 'hono/validator'
import { announce } from '../../harness/announce.ts'
import { part, receive, resource, resources, user } from '../routes.ts'
import { orderZod } from '../zod-schemas.ts'

const app = new Hono()
app.get('/', (c) => c.json({ hello: 'world' }))
app.get('/users/:id', (c) => c.json(user(c.req.param('id'))))
// What @hono/zod-validator does as well.
const order = validator('json', (value, c) => {
  const checked = orderZod.safeParse(value)
  return checked.success ? checked.data : c.json({ error: checked.error.issues }, 400)
})
app.post('/orders', order, (c) => c.json(receive(c.req.valid('json'))))
for (const name of resources) {
  app.get(`/api/${name}/:id`, (c) => c.json(resource(name, c.req.param('id'))))
  app.get(`/api/${name}/:id/parts/:key`, (c) => c.json(part(name, c.req.param('id'), c.req.param('key'))))
}
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => announce(`http://127.0.0.1:${port}`))
