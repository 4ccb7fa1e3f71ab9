import { App } from 'tutti'
import { announce } from '../../harness/announce.ts'
import { part, receive, resource, resources, user } from '../routes.ts'
import { orderZod, receiptZod } from '../zod-schemas.ts'

const app = new App({ name: 'bench', log: { level: 'silent' } })
app.get('/', () => ({ hello: 'world' }))
app.get('/users/:id', ({ params }) => user(params.id))
app.post('/orders', { body: orderZod, response: { 200: receiptZod } }, ({ body }) => receive(body))
for (const name of resources) {
  app.get(`/api/${name}/:id`, ({ params }) => resource(name, params.id))
  app.get(`/api/${name}/:id/parts/:key`, ({ params }) => part(name, params.id, params.key))
}
const { url } = await app.listen(0, '127.0.0.1')
announce(url)
