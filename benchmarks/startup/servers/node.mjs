import { createServer } from 'node:http'

const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ hello: 'world' }))
})
server.listen(0, '127.0.0.1')
