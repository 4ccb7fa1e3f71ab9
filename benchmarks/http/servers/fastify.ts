import { fastify } from 'fastify'
import { announce } from '../../harness/announce.ts'
import { answerJsonSchemas as answers, orderJsonSchema } from '../json-schemas.ts'
import { part, receive, resource, resources, user, type OrderInput } from '../routes.ts'

// Its fastest set-up: no logger, and schemas for everything it can compile.
const app = fastify({ logger: false })
const answer = (schema: object): object => ({ schema: { response: { 200: schema } } })
app.get('/', answer(answers.hello), (_, reply) => {
  reply.send({ hello: 'world' })
})
app.get<{ Params: { id: string } }>('/users/:id', answer(answers.user), (request, reply) => {
  reply.send(user(request.params.id))
})
app.post<{ Body: OrderInput }>('/orders', { schema: { body: orderJsonSchema, response: { 200: answers.receipt } } }, (request, reply) => {
  reply.send(receive(request.body))
})
for (const name of resources) {
  app.get<{ Params: { id: string } }>(`/api/${name}/:id`, answer(answers.resource), (request, reply) => {
    reply.send(resource(name, request.params.id))
  })
  app.get<{ Params: { id: string; key: string } }>(`/api/${name}/:id/parts/:key`, answer(answers.part), (request, reply) => {
    reply.send(part(name, request.params.id, request.params.key))
  })
}
announce(await app.listen({ port: 0, host: '127.0.0.1' }))
