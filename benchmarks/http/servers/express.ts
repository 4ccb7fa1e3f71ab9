import type { AddressInfo } from 'node:net'
import express from 'express'
import { announce } from '../../harness/announce.ts'
import { part, receive, resource, resources, user } from '../routes.ts'
import { orderZod } from '../zod-schemas.ts'

const app = express()
app.disable('x-powered-by')
app.disable('etag')
app.get('/', (_, response) => {
  response.json({ hello: 'world' })
})
app.get('/users/:id', (request, response) => {
  response.json(user(request.params.id))
})
app.post('/orders', express.json(), (request, response) => {
  const checked = orderZod.safeParse(request.body)
  if (checked.success) response.json(receive(checked.data))
  else response.status(400).json({ error: checked.error.issues })
})
for (const name of resources) {
  app.get(`/api/${name}/:id`, (request, response) => {
    response.json(resource(name, String(request.params['id'])))
  })
  app.get(`/api/${name}/:id/parts/:key`, (request, response) => {
    response.json(part(name, String(request.params['id']), String(request.params['key'])))
  })
}
const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  announce(`http://127.0.0.1:${port}`)
})
