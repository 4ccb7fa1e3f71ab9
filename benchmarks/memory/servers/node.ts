import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { announce } from '../../harness/announce.ts'

const waiting: (() => void)[] = []

function answer(response: ServerResponse): void {
  const body = JSON.stringify({ hello: 'world' })
  response.writeHead(200, ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))])
  response.end(body)
}

async function answerLater(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => waiting.push(resolve))
  answer(response)
}

const server = process.getBuiltinModule('node:http').createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
  if (request.url === '/parked') void answerLater(response)
  else answer(response)
})
server.listen(0, '127.0.0.1', () => announce(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
