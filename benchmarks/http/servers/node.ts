import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce } from '../../harness/announce.ts'
import { part, receive, resource, resources, user } from '../routes.ts'
import { isOrder } from '../order-check.ts'

const known = new Set(resources)

function send(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))])
  response.end(body)
}

function takeOrder(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    let value: unknown
    try {
      value = JSON.parse(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString())
    } catch {
      send(response, 400, { error: 'The body is not JSON.' })
      return
    }
    if (isOrder(value)) send(response, 200, receive(value))
    else send(response, 422, { error: 'The body is not an order.' })
  })
}

function fromTable(path: string, response: ServerResponse): boolean {
  const [, api, name = '', id = '', parts, key] = path.split('/')
  if (api !== 'api' || !known.has(name)) return false
  if (key !== undefined && parts === 'parts') send(response, 200, part(name, decodeURIComponent(id), decodeURIComponent(key)))
  else send(response, 200, resource(name, decodeURIComponent(id)))
  return true
}

const server = createServer((request, response) => {
  const { method, url = '/' } = request
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  if (method === 'GET') {
    if (path === '/') send(response, 200, { hello: 'world' })
    else if (path.startsWith('/users/')) send(response, 200, user(decodeURIComponent(path.slice(7))))
    else if (!fromTable(path, response)) send(response, 404, { error: 'There is nothing here.' })
  } else if (method === 'POST' && path === '/orders') takeOrder(request, response)
  else send(response, 404, { error: 'There is nothing here.' })
})
server.listen(0, '127.0.0.1', () => announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
