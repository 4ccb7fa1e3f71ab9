import { createServer, type IncomingMessage } from 'node:http'
import { announce } from './announce.ts'

/** What a program under test can be asked to do; what it takes and gives is JSON. */
export type Tasks = Readonly<Record<string, (input: never) => Promise<unknown>>>

/** In a program under test: does tasks for the bench, one request each. */
export function offer(tasks: Tasks): void {
  const server = createServer((request, response) => {
    const task = tasks[request.url?.slice(1) ?? '']
    void read(request)
      .then(async (input) => {
        if (task === undefined) throw new Error(`there is no task ${request.url}`)
        return task(input as never)
      })
      .then(
        (result) => response.end(JSON.stringify(result ?? null)),
        (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.stack : String(error)),
      )
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (typeof address === 'object' && address !== null) announce(`http://127.0.0.1:${address.port}`)
  })
}

async function read(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return JSON.parse(text)
}
