import { deepStrictEqual } from 'node:assert'
import type { ServerProcess } from '../harness/server-process.ts'
import { routes, wrongBodies, type BenchRoute } from './routes.ts'

/** Throws where a server does not answer every route as it must: what is compared has to do the same. */
export async function verify(server: ServerProcess): Promise<void> {
  for (const route of routes) for (let index = 0; index < route.paths.length; index++) await verifyPath(server, route, index)
  for (const body of wrongBodies) {
    const { status } = await post(`${server.url}/orders`, body)
    if (status < 400 || status > 499) throw new Error(`${server.name} answered ${status} to an order that is not valid`)
  }
}

async function verifyPath(server: ServerProcess, { paths, body, answer }: BenchRoute, index: number): Promise<void> {
  const path = paths[index] ?? '/'
  const response = await (body === undefined ? fetch(`${server.url}${path}`) : post(`${server.url}${path}`, body))
  const received: unknown = await response.json()
  const context = `${server.name} on ${path}`
  if (response.status !== 200) throw new Error(`${context} answered ${response.status}: ${JSON.stringify(received)}`)
  deepStrictEqual(received, answer(index), `${context} answered ${JSON.stringify(received)}`)
  for (const name of ['content-type', 'content-length']) {
    if (!response.headers.has(name)) throw new Error(`${context} answered without ${name}`)
  }
}

function post(url: string, body: unknown): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
}
