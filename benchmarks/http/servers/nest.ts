import 'reflect-metadata'
import { Body, Controller, Get, HttpCode, Module, Param, Post, type Type } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { FastifyAdapter, RouteSchema, type NestFastifyApplication } from '@nestjs/platform-fastify'
import { announce } from '../../harness/announce.ts'
import { answerJsonSchemas as answers, orderJsonSchema } from '../json-schemas.ts'
import { part, receive, resource, resources, user, type OrderInput } from '../routes.ts'

/** Applies decorators by hand, in the order in which a compiler would: this file runs as it is, unbuilt. */
function decorate(
  target: Type,
  method: string,
  decorators: { readonly on: readonly MethodDecorator[]; readonly parameters?: readonly ParameterDecorator[] },
): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, method)
  if (descriptor === undefined) throw new Error(`${target.name} has no method ${method}`)
  decorators.parameters?.forEach((decorator, index) => decorator(target.prototype, method, index))
  for (const decorator of decorators.on.toReversed()) decorator(target.prototype, method, descriptor)
}

const answer = (schema: object): MethodDecorator => RouteSchema({ response: { 200: schema } })

class BenchController {
  hello(): object {
    return { hello: 'world' }
  }
  user(id: string): object {
    return user(id)
  }
  order(body: OrderInput): object {
    return receive(body)
  }
}
decorate(BenchController, 'hello', { on: [Get(), answer(answers.hello)] })
decorate(BenchController, 'user', { on: [Get('users/:id'), answer(answers.user)], parameters: [Param('id')] })
decorate(BenchController, 'order', {
  on: [Post('orders'), HttpCode(200), RouteSchema({ body: orderJsonSchema, response: { 200: answers.receipt } })],
  parameters: [Body()],
})
Controller()(BenchController)

function resourceController(name: string): Type {
  class ResourceController {
    one(id: string): object {
      return resource(name, id)
    }
    part(id: string, key: string): object {
      return part(name, id, key)
    }
  }
  decorate(ResourceController, 'one', { on: [Get(':id'), answer(answers.resource)], parameters: [Param('id')] })
  decorate(ResourceController, 'part', { on: [Get(':id/parts/:key'), answer(answers.part)], parameters: [Param('id'), Param('key')] })
  Controller(`api/${name}`)(ResourceController)
  return ResourceController
}

class BenchModule {}
Module({ controllers: [BenchController, ...resources.map(resourceController)] })(BenchModule)

const app = await NestFactory.create<NestFastifyApplication>(BenchModule, new FastifyAdapter({ logger: false }), { logger: false })
await app.listen(0, '127.0.0.1')
announce(await app.getUrl())
